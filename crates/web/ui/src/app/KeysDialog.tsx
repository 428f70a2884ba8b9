import { useState } from 'react';
import { useT } from '../text/i18n';
import { Sheet } from '../ui/Sheet';
import { activeKeys } from './keys';
import css from './KeysDialog.module.css';
import { useSettings } from './settings';

/** The presses of `G B` one by one, each named by what went before it: one key may be pressed twice. */
const pressesOf = (keys: string) => keys.split(' ').map((key, at, all) => ({ id: all.slice(0, at + 1).join(' '), key }));

/** Every key that does something on this page. */
export default function KeysDialog({ close }: { close: () => void }) {
  const t = useT();
  // Taken once: the dialog itself changes nothing about which keys there are.
  const [all] = useState(activeKeys);
  const single = useSettings((state) => state.singleKeys);
  const layers = [
    { layer: 1, title: t('keys.layer1'), hint: '' },
    { layer: 2, title: t('keys.layer2'), hint: single ? '' : t('keys.layer2_off') },
  ];
  return (
    <Sheet title={t('keys.keys')} close={close} wide>
      <div className={css.columns}>
        {layers.map(({ layer, title, hint }) => (
          <section key={layer}>
            <h3>{title}</h3>
            {hint && <p>{hint}</p>}
            <dl>
              {all
                .filter((action) => action.layer === layer)
                .map((action) => (
                  <div key={action.match}>
                    <dt>{t(action.label)}</dt>
                    <dd>
                      {pressesOf(action.keys).map(({ id, key }) => (
                        <kbd key={id}>{key}</kbd>
                      ))}
                    </dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </Sheet>
  );
}
