/** The parts of ECharts that are used, drawn as SVG. */
import { BarChart, HeatmapChart, LineChart, ScatterChart } from 'echarts/charts';
import { GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, VisualMapComponent } from 'echarts/components';
import { init, use as register } from 'echarts/core';
import type { EChartsOption } from 'echarts';
import { SVGRenderer } from 'echarts/renderers';
import { SERIES } from './Chart';

register([BarChart, LineChart, HeatmapChart, ScatterChart, GridComponent, LegendComponent, MarkLineComponent, TooltipComponent, VisualMapComponent, SVGRenderer]);

/** Names, numbers and lines in the colours of the page: ECharts' own are for white paper. */
function pageColours(): object {
  const style = getComputedStyle(document.documentElement);
  const of = (token: string): string => style.getPropertyValue(token).trim();
  const [ink, soft, line] = [of('--ink'), of('--ink-soft'), of('--line')];
  const axis = { axisLabel: { color: soft }, nameTextStyle: { color: soft }, axisLine: { lineStyle: { color: soft } }, axisTick: { lineStyle: { color: soft } }, splitLine: { lineStyle: { color: line } } };
  return {
    color: SERIES,
    textStyle: { color: ink, fontFamily: 'system-ui, sans-serif' },
    legend: { textStyle: { color: soft } },
    visualMap: { textStyle: { color: soft } },
    tooltip: { backgroundColor: of('--page'), borderColor: line, textStyle: { color: ink } },
    categoryAxis: axis, valueAxis: axis, timeAxis: axis, logAxis: axis,
  };
}

/** Draw into an element, and again when its size or the theme changes; returns what ends it. */
export function draw(element: HTMLElement, option: EChartsOption): () => void {
  const chart = init(element, pageColours(), { renderer: 'svg' });
  const paint = (): void => {
    chart.setOption({
      color: SERIES,
      grid: { left: 8, right: 12, top: 28, bottom: 8, containLabel: true },
      animation: !matchMedia('(prefers-reduced-motion: reduce)').matches,
      animationDuration: 150,
      ...option,
    });
  };
  paint();
  const size = new ResizeObserver(() => chart.resize());
  size.observe(element);
  const theme = new MutationObserver(() => {
    chart.setTheme(pageColours());
    paint();
  });
  theme.observe(document.documentElement, { attributeFilter: ['data-mantine-color-scheme'] });
  return () => {
    size.disconnect();
    theme.disconnect();
    chart.dispose();
  };
}
