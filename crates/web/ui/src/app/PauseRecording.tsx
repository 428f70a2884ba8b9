import { useMutation } from '@tanstack/react-query';
import { useEffect } from 'react';
import { setRecording } from '../api/queries';
import type { InteractionView } from '../api/types';
import { useT } from '../text/i18n';
import { Button } from '../ui/controls';
import { Icon } from '../ui/Icon';
import css from './CallStrip.module.css';
import { useKeys } from './keys';

/**
 * Keeps out of the recording what must not be in it: a card's number. The button tells what it does, the words beside it
 * what is so, and both change only when the server says that it is so.
 */
export function PauseRecording({ call }: { call: InteractionView }) {
  const t = useT();
  const { mutate, reset, data, isPending, isError, error } = useMutation({
    mutationFn: (state: 'running' | 'paused') => setRecording(call.id, state),
  });
  // The answer counts until the live row has changed: whoever pauses again at once means what the server has done meanwhile,
  // and a card's number must not be kept because the row was late.
  useEffect(() => reset(), [reset, call.recording_state]);
  const next = (data?.state ?? call.recording_state) === 'running' ? 'paused' : 'running';
  const change = () => {
    if (!isPending) mutate(next);
  };
  useKeys([{ keys: 'Alt C', match: 'Alt+KeyC', layer: 1, label: 'keys.pause', run: change }]);
  return (
    <>
      <Button kind="quiet" className={css.pause} onPress={change} isDisabled={isPending}>
        <Icon name={next === 'paused' ? 'pause' : 'record'} /> {t(next === 'paused' ? 'strip.pause' : 'strip.record_on')} <kbd>Alt C</kbd>
      </Button>
      {isError && (
        <span role="alert" className={css.phone}>
          <Icon name="warning" /> {t('strip.pause_failed', { why: error.message })}
        </span>
      )}
    </>
  );
}
