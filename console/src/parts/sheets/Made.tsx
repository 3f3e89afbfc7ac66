/** The release was made: the same sheet now shows how it spreads, with the way back. */
import { Button } from '@mantine/core';
import { IconArrowBackUp } from '@tabler/icons-react';
import { links } from '@/links';
import { AppLink } from '@/parts/AppLink';
import { SpreadPanel } from '@/parts/spread/SpreadPanel';
import { strings } from '@/strings';
import { SheetFrame } from './SheetFrame';

const words = strings.sheets;

export interface MadeProps {
  readonly project: string;
  readonly environment: string;
  readonly number: number;
  readonly close: () => void;
  /** Go back to what was before; gets the release before. */
  readonly undo?: (before: number) => void;
}

export function Made({ project, environment, number, close, undo }: MadeProps) {
  return (
    <SheetFrame
      title={words.madeNow(environment, number)}
      close={close}
      foot={(
        <>
          <div style={{ marginRight: 'auto' }}><AppLink href={links.release(project, environment, number)}>{words.openRelease}</AppLink></div>
          {undo && <Button variant="default" color="red" leftSection={<IconArrowBackUp size={16} />} onClick={() => undo(number - 1)}>{words.undo}</Button>}
          <Button onClick={close} data-autofocus>{words.done}</Button>
        </>
      )}
    >
      <div style={{ paddingTop: 18 }}><SpreadPanel project={project} environment={environment} number={number} fresh /></div>
    </SheetFrame>
  );
}
