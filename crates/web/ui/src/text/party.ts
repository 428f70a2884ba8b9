/** Who somebody is: the name they go by, and the number beside it. */
import type { Party } from '../api/types';
import { phone } from './format';

/** Many phones send their number as their name, too. */
const named = (party: Party): party is Party & { display: string } => Boolean(party.display) && party.display !== party.number;

export const partyName = (party: Party): string => (named(party) ? party.display : phone(party.number));

/** The number, if it is not the name already. */
export const numberBeside = (party: Party): string => (named(party) ? phone(party.number) : '');

/** Which language a name is written in, so that Chinese takes Chinese glyphs. */
export const langOf = (text: string): string | undefined => (/\p{Script=Han}/u.test(text) ? 'zh-CN' : undefined);
