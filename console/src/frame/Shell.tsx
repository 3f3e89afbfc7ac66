/** The frame around every page of a signed-in person: rail, bar, content; on a phone a bar at the foot. */
import { Outlet } from '@tanstack/react-router';
import { useDisclosure, useLocalStorage, useMediaQuery } from '@mantine/hooks';
import { Drawer } from '@mantine/core';
import { useState } from 'react';
import { strings } from '@/strings';
import { Banner } from './Banner';
import { BottomBar } from './BottomBar';
import { Rail } from './Rail';
import { TopBar } from './TopBar';
import classes from './frame.module.css';

export function Shell() {
  const roomy = useMediaQuery('(min-width: 720px)', true, { getInitialValueInEffect: false });
  const [folded, fold] = useLocalStorage({ key: 'promptops-rail-folded', defaultValue: false, getInitialValueInEffect: false });
  const wide = useMediaQuery('(min-width: 1000px)', true, { getInitialValueInEffect: false });
  const [spread, setSpread] = useState(false);
  const [open, { toggle, close }] = useDisclosure(false);
  // Where there is little room the places are pictures until somebody asks for their names.
  const small = wide ? folded : !spread;
  return (
    <div className={classes.shell}>
      <a className={classes.skip} href="#content">{strings.frame.skip}</a>
      {roomy ? (
        <div className={classes.rail} data-folded={small}><Rail folded={small} onFold={() => (wide ? fold(!folded) : setSpread(!spread))} /></div>
      ) : (
        <Drawer opened={open} onClose={close} size={280} padding={0} title={strings.common.product} styles={{ header: { padding: '8px 16px' } }}>
          <Rail onGo={close} />
        </Drawer>
      )}
      <div className={classes.body}>
        <TopBar />
        <Banner />
        <main id="content" className={classes.content} tabIndex={-1}><Outlet /></main>
      </div>
      {!roomy && <BottomBar onMore={toggle} />}
    </div>
  );
}
