/** The controls of the page: React Aria's behavior in our looks. */
import type { ReactNode } from 'react';
import {
  Button as AriaButton,
  type ButtonProps,
  ListBox,
  ListBoxItem,
  Menu as AriaMenu,
  MenuItem as AriaMenuItem,
  type MenuItemProps,
  type MenuProps,
  Popover as AriaPopover,
  type PopoverProps,
  Select as AriaSelect,
  SelectValue,
} from 'react-aria-components';
import { Icon } from './Icon';
import css from './controls.module.css';
import { cx } from './cx';

type Kind = 'plain' | 'quiet' | 'main' | 'icon';

export function Button({
  kind = 'plain',
  className,
  on,
  children,
  ...rest
}: Omit<ButtonProps, 'className' | 'children'> & { kind?: Kind; className?: string | undefined; on?: boolean; children: ReactNode }) {
  return (
    <AriaButton {...rest} className={cx(css.button, css[kind], on && css.on, className)}>
      {children}
    </AriaButton>
  );
}

export function Popover({ className, ...rest }: Omit<PopoverProps, 'className'> & { className?: string }) {
  return <AriaPopover offset={4} {...rest} className={cx(css.popover, className)} />;
}

export function Menu<T extends object>(props: Omit<MenuProps<T>, 'className'>) {
  return <AriaMenu {...props} className={cx(css.menu)} />;
}

export function MenuItem({ children, keys, ...rest }: Omit<MenuItemProps, 'className' | 'children'> & { children: ReactNode; keys?: string }) {
  return (
    <AriaMenuItem {...rest} className={cx(css.item)}>
      {({ isSelected, selectionMode }) => (
        <>
          {selectionMode !== 'none' && (
            <span className={css.tick}>{isSelected && <Icon name="check" size={14} />}</span>
          )}
          <span className={css.grow}>{children}</span>
          {keys && <kbd>{keys}</kbd>}
        </>
      )}
    </AriaMenuItem>
  );
}

export interface Choice<K extends string> {
  id: K;
  text: string;
}

/** A choice of one, shown as quiet text with an arrow or as a field. */
export function Choose<K extends string>({
  label,
  value,
  choices,
  onChange,
  look = 'field',
  className,
}: {
  label: string;
  value: K;
  choices: readonly Choice<K>[];
  onChange: (value: K) => void;
  look?: 'field' | 'quiet';
  className?: string | undefined;
}) {
  return (
    <AriaSelect
      aria-label={label}
      className={cx(css.select, className)}
      value={value}
      onChange={(key) => {
        if (key !== null) onChange(key as K);
      }}
    >
      <AriaButton className={cx(css.button, look === 'quiet' ? css.quiet : css.field)}>
        <SelectValue className={cx(css.ellipsis)}>{({ selectedText }) => selectedText}</SelectValue>
        <Icon name="down" size={12} />
      </AriaButton>
      <Popover>
        <ListBox className={cx(css.menu)} items={choices}>
          {(choice) => (
            <ListBoxItem id={choice.id} textValue={choice.text} className={cx(css.item)}>
              {({ isSelected }) => (
                <>
                  <span className={css.tick}>{isSelected && <Icon name="check" size={14} />}</span>
                  <span className={css.grow}>{choice.text}</span>
                </>
              )}
            </ListBoxItem>
          )}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}
