import { useMutation } from '@tanstack/react-query';
import { useEffect } from 'react';
import { useKeys, type KeyAction } from '../../app/keys';
import { useShell } from '../../app/frame';
import { endMonitor, setMonitor } from '../../api/queries';
import { MONITOR_MODES, type InteractionView, type MonitorMode } from '../../api/types';
import { useT, type Translate } from '../../text/i18n';
import { Button } from '../../ui/controls';
import { Icon } from '../../ui/Icon';
import { monitorWord } from '../../ui/State';
import { useTwice } from '../../ui/twice';
import { agents } from '../../live/live';
import css from './Dock.module.css';

const KEYS: Record<MonitorMode, string> = { listen: 'L', whisper: 'W', barge: 'B', take_over: 'T' };

/** Whether there is somebody to be listened to. Past the queues nobody is, as long as the other end rings. */
export const canBeHeard = (call: InteractionView | undefined): call is InteractionView =>
  call !== undefined && (call.state === 'connected' || call.state === 'on_hold' || (call.state === 'transferred' && !!call.with));

/** Whether somebody may take part in it who does not talk in it anyway. */
export const isForOthers = (call: InteractionView, login: string): boolean => !(call.talks ?? []).includes(login);

/** Who takes part in a call without having it, and how. */
export function listeners(t: Translate, call: InteractionView): string {
  return (call.monitors ?? [])
    .map((one) => {
      const who = agents.rows.get(one.by)?.name ?? one.by;
      return t(one.rings ? 'monitor.rings' : 'monitor.takes_part', { who, mode: monitorWord(t, one.mode) });
    })
    .join(t('list.comma'));
}

/**
 * Listen, whisper, barge in, take over: the own phone rings, and then each button changes at once who hears the supervisor.
 * The one that is so is pressed down, and pressed again it ends. What is shown is what the server says. Give it the call's id as
 * `key`: the first press of T on one call must not be the half of taking over another.
 */
export function Supervise({ call }: { call: InteractionView }) {
  const t = useT();
  const { me } = useShell();
  const mine = call.monitors?.find((one) => one.by === me.login);
  const { mutate, isPending, isError, error, reset } = useMutation({
    mutationFn: async (mode: MonitorMode | 'end') => {
      if (mode === 'end') await endMonitor(call.id);
      else await setMonitor(call.id, mode);
    },
  });
  useEffect(() => reset(), [reset, call.id, mine?.mode, mine?.rings]);
  const order = (mode: MonitorMode) => mutate(mine?.mode === mode ? 'end' : mode);
  const takeOver = useTwice(() => order('take_over'));
  const press = (mode: MonitorMode) => {
    if (isPending) return;
    if (mode === 'take_over') return takeOver.press();
    takeOver.forget();
    order(mode);
  };
  const keys = MONITOR_MODES.map(
    (mode): KeyAction => ({
      keys: KEYS[mode],
      match: `Key${KEYS[mode]}`,
      layer: 2,
      label: `keys.monitor.${mode}`,
      run: () => press(mode),
    }),
  );
  useKeys(keys);
  return (
    <>
      {isError && (
        <span role="alert" className={css.refused}>
          <Icon name="warning" /> {t('monitor.failed', { why: error.message })}
        </span>
      )}
      <div role="group" aria-label={t('monitor.label')} className={css.modes}>
        {MONITOR_MODES.map((mode) => {
          const on = mine?.mode === mode;
          const word = mode === 'take_over' && takeOver.armed ? t('monitor.once_more') : t(`monitor.${mode}`);
          return (
            <Button key={mode} kind="quiet" on={on} aria-pressed={on} onPress={() => press(mode)} isDisabled={isPending}>
              {on && <Icon name={mine.rings ? 'phone' : 'talking'} />} {word} <kbd>{KEYS[mode]}</kbd>
            </Button>
          );
        })}
      </div>
    </>
  );
}
