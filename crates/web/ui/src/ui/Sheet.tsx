/** A dialog over the page. */
import type { ReactNode } from 'react';
import { Dialog, Heading, Modal, ModalOverlay } from 'react-aria-components';
import { useT } from '../text/i18n';
import { Button } from './controls';
import { Icon } from './Icon';
import { cx } from './cx';
import css from './Sheet.module.css';

export function Sheet({ title, close, children, wide = false }: { title: string; close: () => void; children: ReactNode; wide?: boolean }) {
  const t = useT();
  return (
    <ModalOverlay
      isOpen
      isDismissable
      onOpenChange={(open) => {
        if (!open) close();
      }}
      className={cx(css.veil)}
    >
      <Modal className={cx(css.modal, wide && css.wide)}>
        <Dialog className={cx(css.dialog)}>
          <header className={css.head}>
            <Heading slot="title">{title}</Heading>
            <Button kind="icon" onPress={close} aria-label={t('sheet.close')}>
              <Icon name="x" size={16} />
            </Button>
          </header>
          {children}
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
