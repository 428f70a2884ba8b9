import { useState } from 'react';
import { useT } from '../text/i18n';
import { Sheet } from '../ui/Sheet';
import { activeKeys } from './keys';
import css from './KeysDialog.module.css';
import { useSettings } from './settings';

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
                      {action.keys.split(' ').map((key) => (
                        <kbd key={key}>{key}</kbd>
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
