/** What all pages of a project share: live updates, and the sheets that lie over any of them. */
import { Outlet } from '@tanstack/react-router';
import { useLiveProject } from '@/api/live';
import { Sheets } from '@/parts/sheets/Sheets';
import { useProject } from './roots';

export function ProjectFrame() {
  const project = useProject();
  useLiveProject(project);
  return (
    <>
      <Outlet />
      <Sheets />
    </>
  );
}
