import { useState, type ReactNode } from 'react';
import { heldOf, progressOf, talkedOf, talkingSince, waitedOf, waitingSince, wrappedUpOf } from '../../api/measures';
import type { Interaction, LegSound, LineOf, OfferWhy, Quality } from '../../api/types';
import { bytes, clockFine, count, decimal, duration, momentFull, offset, percent, phone, UNKNOWN } from '../../text/format';
import { eventTitle, originWords, roleWord, stateWord, verbWord } from '../../text/events';
import { numberBeside, partyName } from '../../text/party';
import { causeOf, notReadyReason, whyNow, whyOffered, whyPassedOver, whySkills, whyWaiting, type NameOf } from '../../text/sentences';
import { useT } from '../../text/i18n';
import { Measured } from '../../ui/Clock';
import { Button } from '../../ui/controls';
import { Icon } from '../../ui/Icon';
import { Outcome } from '../../ui/Outcome';
import { useCursor, useOpened } from './cursor';
import css from './Details.module.css';
import { qualities, type Entry, type Story } from './story';

type Field = [name: string, value: ReactNode];

function Fields({ fields }: { fields: readonly (Field | false | null | undefined | '')[] }) {
  return (
    <dl className={css.fields}>
      {fields.map((field) =>
        field ? (
          <div key={field[0]}>
            <dt>{field[0]}</dt>
            <dd>{field[1]}</dd>
          </div>
        ) : null,
      )}
    </dl>
  );
}

export function Copy({ text, label }: { text: () => string; label: string }) {
  const t = useT();
  const [done, setDone] = useState(false);
  return (
    <Button
      kind="quiet"
      onPress={() => {
        navigator.clipboard.writeText(text()).then(
          () => {
            setDone(true);
            setTimeout(() => setDone(false), 1_500);
          },
          () => setDone(false),
        );
      }}
    >
      <Icon name={done ? 'check' : 'copy'} />
      {done ? t('copy.done') : label}
    </Button>
  );
}

/** What the mean opinion score means, in a word. */
function useMosWord(): (mos: number) => string {
  const t = useT();
  return (mos) => (mos >= 4 ? t('mos.good') : mos >= 3.6 ? t('mos.fair') : mos >= 3 ? t('mos.poor') : t('mos.bad'));
}

function QualityFields({ quality }: { quality: Quality }) {
  const t = useT();
  const mosWord = useMosWord();
  const all = quality.received + quality.lost;
  return (
    <Fields
      fields={[
        [t('quality.mos'), quality.mos ? `${decimal(quality.mos, 1)} · ${mosWord(quality.mos)}` : UNKNOWN],
        [t('quality.received'), count(quality.received)],
        [t('quality.lost'), all > 0 ? `${count(quality.lost)} · ${percent((quality.lost / all) * 100, 2)}` : UNKNOWN],
        [t('quality.sent'), count(quality.sent)],
        [t('quality.jitter'), `${decimal(quality.jitter_us / 1000, 1)}\u00a0ms`],
        quality.round_trip_us != null && [t('quality.round_trip'), `${decimal(quality.round_trip_us / 1000, 1)}\u00a0ms`],
        quality.codec && [t('quality.codec'), quality.transcoded ? t('quality.codec.translated', { codec: quality.codec }) : quality.codec],
      ]}
    />
  );
}

function Why({ why, agent, nameOf }: { why: OfferWhy; agent: string; nameOf: NameOf }) {
  const t = useT();
  return (
    <>
      <h3>{t('details.why', { agent: nameOf(agent) })}</h3>
      <p className={css.sentence}>{whyOffered(why)}</p>
      {why.skills.length > 0 && <p className={css.sentence}>{whySkills(why)}</p>}
      <p className={css.sentence}>{whyNow(why)}</p>
      <h3>{t('details.passed_over')}</h3>
      {why.passed_over.length === 0 ? (
        <p className={css.quiet}>{t('details.nobody_else')}</p>
      ) : (
        <ul className={css.passed}>
          {why.passed_over.map((one) => (
            <li key={one.agent}>
              <b>{nameOf(one.agent)}</b>
              <span>{whyPassedOver(one)}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}

function Sip({ line }: { line: LineOf<'sip'> }) {
  const t = useT();
  return (
    <>
      <Fields
        fields={[
          [t('details.direction'), t(line.sent ? 'details.sent' : 'details.received')],
          [t('details.remote'), `${line.transport.toUpperCase()} ${line.remote}`],
          [t('details.leg'), <code key="leg">{line.leg}</code>],
        ]}
      />
      <div className={css.rawHead}>
        <h3>{t('details.raw')}</h3>
        <Copy text={() => line.text} label={t('copy.message')} />
      </div>
      <pre className={css.raw} lang="en">
        {line.text.replaceAll('\r\n', '\n').trimEnd()}
      </pre>
    </>
  );
}

function Body({ entry, nameOf, story }: { entry: Entry; nameOf: NameOf; story: Story }) {
  const t = useT();
  const { line } = entry;
  switch (line.kind) {
    case 'arrived':
      return (
        <Fields
          fields={[
            [t('details.from'), [partyName(line.from), numberBeside(line.from)].filter(Boolean).join(' · ')],
            [t('details.to'), phone(line.to)],
            [t('details.origin'), originWords(line.origin)],
            [t('details.leg'), <code key="leg">{line.leg}</code>],
          ]}
        />
      );
    case 'step':
      return (
        <Fields
          fields={[
            [t('details.flow'), line.flow],
            [t('details.step'), line.step],
            [t('details.verb'), verbWord(line.verb)],
          ]}
        />
      );
    case 'queued':
      return (
        <>
          <Fields
            fields={[
              [t('details.queue'), line.queue],
              [t('details.position'), count(line.position)],
            ]}
          />
          <p className={css.sentence}>{line.why ? whyWaiting(line.why) : t('details.at_once')}</p>
        </>
      );
    case 'offered':
      return (
        <>
          <Why why={line.why} agent={line.agent} nameOf={nameOf} />
          <h3>{t('details.decision')}</h3>
          <Fields
            fields={[
              [t('details.queue'), line.why.queue],
              [t('details.rule'), line.why.rule === 'longest_idle' ? t('rule.longest_idle') : line.why.rule],
              [t('details.idle'), duration(line.why.idle_ms)],
              [t('details.candidates'), count(line.why.candidates)],
              [t('details.waited'), duration(line.why.waited_ms)],
              [t('details.position'), count(line.why.position)],
              [t('details.priority'), count(line.why.priority)],
              [t('details.leg'), <code key="leg">{line.leg}</code>],
            ]}
          />
        </>
      );
    case 'not_taken':
      return (
        <Fields
          fields={[
            [t('details.agent'), nameOf(line.agent)],
            [t('details.cause'), causeOf(line.cause, line.status, line.limit)],
          ]}
        />
      );
    case 'connected':
      return (
        <Fields
          fields={[
            [t('details.agent'), nameOf(line.agent)],
            [t('details.waited'), duration(line.waited_ms)],
          ]}
        />
      );
    case 'leg_ended': {
      const agent = story.agentOfLeg.get(line.leg);
      return (
        <>
          <Fields
            fields={[
              [t('details.party'), agent ? nameOf(agent) : roleWord(line.role)],
              [t('details.cause'), causeOf(line.cause, line.status, line.limit)],
              [t('details.leg'), <code key="leg">{line.leg}</code>],
            ]}
          />
          <h3>{t('details.quality')}</h3>
          {line.quality ? <QualityFields quality={line.quality} /> : <p className={css.quiet}>{t('details.no_sound')}</p>}
        </>
      );
    }
    case 'agent_changed':
      return (
        <Fields
          fields={[
            [t('details.agent'), nameOf(line.agent)],
            [t('details.before'), `${stateWord(line.from)} · ${duration(line.lasted_ms)}`],
            [t('details.after'), [stateWord(line.to), notReadyReason(line.reason)].filter(Boolean).join(' · ')],
          ]}
        />
      );
    case 'recording_started':
    case 'recording_stopped':
    case 'recording_changed':
    case 'recording_failed':
      return (
        <Fields
          fields={[
            [t('details.recording'), <code key="rec">{line.recording}</code>],
            line.kind === 'recording_stopped' && [t('details.length'), duration(line.length_ms)],
            line.kind === 'recording_changed' && [t('details.by'), nameOf(line.by)],
            line.kind === 'recording_failed' && [t('details.cause'), line.why],
          ]}
        />
      );
    case 'conferring':
      return <Fields fields={[[t('details.room'), line.room]]} />;
    case 'conference_muted':
    case 'left_conference':
      return (
        <Fields
          fields={[
            [t('details.room'), line.room],
            Boolean(line.by) && [t('details.by'), nameOf(line.by ?? '')],
          ]}
        />
      );
    case 'monitor_rung':
    case 'monitored':
      return (
        <Fields
          fields={[
            [t('details.by'), nameOf(line.by)],
            [t('details.monitor'), t(`monitor.${line.mode}`)],
          ]}
        />
      );
    case 'monitor_ended':
      return <Fields fields={[[t('details.by'), nameOf(line.by)]]} />;
    case 'trouble':
      return <p className={css.sentence}>{line.what}</p>;
    case 'closed':
      return <Fields fields={[[t('details.outcome'), <Outcome key="outcome" outcome={line.outcome} />]]} />;
    case 'sip':
      return <Sip line={line} />;
    case 'dialed':
      return (
        <Fields
          fields={[
            [t('details.to'), phone(line.number)],
            [t('details.leg'), <code key="leg">{line.leg}</code>],
          ]}
        />
      );
    case 'passed_on':
      return (
        <Fields
          fields={[
            [t('details.to'), phone(line.to)],
            [t('details.leg'), <code key="leg">{line.leg}</code>],
          ]}
        />
      );
    case 'transferred':
    case 'emergency_called':
      return <Fields fields={[[t('details.to'), phone(line.number)]]} />;
    case 'one_way':
    case 'way_restored':
      return <Fields fields={[[t('details.leg'), <code key="leg">{line.leg}</code>]]} />;
    case 'digit':
      return <Fields fields={[[t('details.digit'), line.digit]]} />;
    case 'position_told':
      return <Fields fields={[[t('details.position'), count(line.position)]]} />;
    default:
      return null;
  }
}

type Legs = readonly Pick<LineOf<'leg_ended'>, 'leg' | 'role' | 'quality'>[];

function Overview({ interaction, story, sound, nameOf }: { interaction: Interaction; story: Story; sound: readonly LegSound[]; nameOf: NameOf }) {
  const t = useT();
  const over: Legs = qualities(story.entries);
  const live: Legs = sound;
  const ended = new Set(over.map((leg) => leg.leg));
  // A leg that is just over may still be among those that sound.
  const legs = [...live.filter((leg) => !ended.has(leg.leg)), ...over];
  return (
    <>
      <Fields
        fields={[
          [t('details.from'), [partyName(interaction.from), numberBeside(interaction.from)].filter(Boolean).join(' · ')],
          [t('details.to'), phone(interaction.to)],
          [t('details.origin'), originWords(interaction.origin)],
          [t('details.arrived'), momentFull(interaction.arrived_at)],
          [t('details.waited'), <Measured key="waited" ms={waitedOf(interaction)} since={waitingSince(interaction)} />],
          [t('details.talked'), <Measured key="talked" ms={talkedOf(interaction)} since={talkingSince(interaction)} />],
          [t('details.held'), duration(heldOf(interaction))],
          [t('details.wrapped_up'), duration(wrappedUpOf(interaction))],
          [t('details.offers'), count(interaction.offers)],
        ]}
      />
      {interaction.recordings.length > 0 && (
        <>
          <h3>{t('details.recordings')}</h3>
          <Fields
            fields={interaction.recordings.map((one): Field => [
              t(`recording.${one.kind}`),
              {
                going: () => t('call.recording'),
                failed: () => t('event.recording_failed'),
                done: () => `${duration(one.length_ms)} · ${bytes(one.bytes)}`,
              }[progressOf(one)](),
            ])}
          />
        </>
      )}
      {legs.map((leg) => {
        const agent = story.agentOfLeg.get(leg.leg);
        return leg.quality ? (
          <div key={leg.leg}>
            <h3>{t(ended.has(leg.leg) ? 'details.quality_of' : 'details.quality_now', { party: agent ? nameOf(agent) : roleWord(leg.role) })}</h3>
            <QualityFields quality={leg.quality} />
          </div>
        ) : null;
      })}
    </>
  );
}

/** The chosen event with all its fields, or the interaction as a whole. */
export function Details({ interaction, story, sound, nameOf }: { interaction: Interaction; story: Story; sound: readonly LegSound[]; nameOf: NameOf }) {
  const t = useT();
  const cursor = useCursor();
  const opened = useOpened();
  const entry = opened === undefined ? undefined : story.entries.find((one) => one.key === opened);
  return (
    <section className={css.panel} aria-labelledby="details-title">
      <header className={css.head}>
        <h2 id="details-title" title={entry ? eventTitle(entry.line, nameOf, story.agentOfLeg) : undefined}>
          {entry ? eventTitle(entry.line, nameOf, story.agentOfLeg) : t('details.title')}
        </h2>
        {entry && (
          <Button kind="quiet" className={css.close} onPress={() => cursor.clear()}>
            <Icon name="x" size={12} />
            <span className={css.hidden}>{t('details.back')}</span>
            <kbd>Esc</kbd>
          </Button>
        )}
      </header>
      {/* Long details scroll, so the box can be reached by keyboard. */}
      {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex */}
      <div className={css.body} tabIndex={0}>
        {entry ? (
          <>
            <p className={css.time}>
              {offset(entry.line.at - story.start)} · {clockFine(entry.line.at)}
            </p>
            <Body entry={entry} nameOf={nameOf} story={story} />
          </>
        ) : (
          <Overview interaction={interaction} story={story} sound={sound} nameOf={nameOf} />
        )}
      </div>
    </section>
  );
}
