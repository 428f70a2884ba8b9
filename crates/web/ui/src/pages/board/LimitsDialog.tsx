import { useId, useState, type FormEvent } from 'react';
import { chooseLimits, useSettings } from '../../app/settings';
import { useT } from '../../text/i18n';
import { Button } from '../../ui/controls';
import { Sheet } from '../../ui/Sheet';
import { LIMITS, type Limits } from './figures';
import css from './LimitsDialog.module.css';

const NAMES = ['talking', 'on_hold', 'wrap_up', 'not_ready'] as const;
const MINUTE_MS = 60_000;

const milliseconds = (minutesTyped: string): number => Math.round(Number(minutesTyped) * MINUTE_MS);

const minutes = (limits: Limits): Record<keyof Limits, string> => ({
  talking: String(limits.talking / MINUTE_MS),
  on_hold: String(limits.on_hold / MINUTE_MS),
  wrap_up: String(limits.wrap_up / MINUTE_MS),
  not_ready: String(limits.not_ready / MINUTE_MS),
});

/** After how many minutes an agent is listed as needing attention; kept on this machine. */
export default function LimitsDialog({ close }: { close: () => void }) {
  const t = useT();
  const id = useId();
  const kept = useSettings((state) => state.limits);
  const [typed, setTyped] = useState(() => minutes(kept));
  const valid = NAMES.every((name) => Number(typed[name]) >= 0.5 && Number(typed[name]) <= 600);
  const save = (event: FormEvent) => {
    event.preventDefault();
    if (!valid) return;
    chooseLimits({
      talking: milliseconds(typed.talking),
      on_hold: milliseconds(typed.on_hold),
      wrap_up: milliseconds(typed.wrap_up),
      not_ready: milliseconds(typed.not_ready),
    });
    close();
  };
  return (
    <Sheet title={t('limits.title')} close={close}>
      <form className={css.form} onSubmit={save} noValidate>
        <p>{t('limits.text')}</p>
        {NAMES.map((name) => (
          <div key={name} className={css.row}>
            <label htmlFor={`${id}-${name}`}>{t(`limits.${name}`)}</label>
            <input
              id={`${id}-${name}`}
              type="number"
              inputMode="decimal"
              min={0.5}
              max={600}
              step={0.5}
              value={typed[name]}
              onChange={(event) => setTyped({ ...typed, [name]: event.target.value })}
            />
            <span>{t('limits.minutes')}</span>
          </div>
        ))}
        <p role="status" className={css.wrong}>
          {valid ? '' : t('limits.wrong')}
        </p>
        <div className={css.actions}>
          <Button kind="quiet" onPress={() => setTyped(minutes(LIMITS))}>
            {t('limits.default')}
          </Button>
          <Button kind="main" type="submit" isDisabled={!valid}>
            {t('limits.save')}
          </Button>
        </div>
      </form>
    </Sheet>
  );
}
