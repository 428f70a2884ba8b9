/** The trunks in one sentence, for the board. */
import { tallyOf, troubleOf, TROUBLES } from '../../app/trunks';
import type { TrunkView } from '../../api/types';
import { whyTrunk } from '../../text/sentences';
import type { Translate } from '../../text/i18n';

const HOW_MANY = { down: 'trunks.count.down', unregistered: 'trunks.count.unregistered', shaky: 'trunks.count.shaky' } as const;
const ONE = { down: 'trunks.one.down', unregistered: 'trunks.one.unregistered', shaky: 'trunks.one.shaky' } as const;

/** The trunks in a sentence: the one that is wrong by name, more of them by number. */
export function trunksSentence(t: Translate, all: readonly TrunkView[]): string {
  const tally = tallyOf(all);
  const [only] = tally.troubled;
  const trunk = all.find((one) => one.id === only);
  const trouble = trunk && troubleOf(trunk);
  if (trunk && trouble && tally.troubled.length === 1) {
    const rest = tally.up > 0 ? t('trunks.count.up', { n: tally.up }) : '';
    return [t(ONE[trouble], { trunk: trunk.id }), rest, whyTrunk(trunk.why)].filter(Boolean).join(' · ');
  }
  const parts = TROUBLES.filter((one) => tally[one] > 0).map((one) => t(HOW_MANY[one], { n: tally[one] }));
  if (tally.up > 0) parts.push(t('trunks.count.up', { n: tally.up }));
  return t('trunks.line', { parts: parts.join(t('list.comma')) });
}
