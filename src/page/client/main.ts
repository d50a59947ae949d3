/** The page: it opens the model that it carries, and judges what it is given. */
import { Detector } from '../../anomaly/detector/detector.ts';
import { Device } from '../../gpu/device.ts';
import { CyclopsError, NoAdapterError } from '../../gpu/errors.ts';
import { adapterText } from './adapter.ts';
import { Camera } from './camera.ts';
import { element } from './elements.ts';
import { type Entry, stateOf } from './entry.ts';
import { chosenFiles, droppedFiles, type Given } from './intake.ts';
import { Judge } from './judge.ts';
import { List } from './list.ts';
import { modelBytes } from './model.ts';
import { csvOf, download } from './table.ts';
import { Viewer } from './viewer.ts';

const NO_WEBGPU =
  'This browser offers no WebGPU here, which the networks need. Open the page in Chrome or Edge 113, Safari 26 or Firefox 141, or newer, ' +
  'with hardware acceleration turned on.';

const adapter = element('adapter', HTMLElement);
const progress = element('progress', HTMLElement);
const trouble = element('trouble', HTMLElement);

function tell(problem: string): void {
  trouble.textContent = problem;
  trouble.hidden = false;
}

async function openDetector(): Promise<Detector> {
  const device = await Device.open();
  adapter.textContent = adapterText(device.info);
  return Detector.open(modelBytes(), { device });
}

function start(detector: Detector): void {
  const viewer = new Viewer(detector.threshold);
  const list = new List((entry) => void viewer.show(entry));
  const judge = new Judge(
    detector,
    (entry) => {
      list.update(entry);
      report();
    },
    (reason) => tell(`${reason} Reload the page, and give the images again.`),
  );
  let hidden = 0;

  const report = () => {
    const count = (state: ReturnType<typeof stateOf>) =>
      list.entries.filter((entry) => stateOf(entry) === state).length;
    const [total, waiting, unreadable] = [list.entries.length, count('waiting'), count('unreadable')];
    const parts = [
      `${total - waiting} of ${total} images looked at`,
      `${count('flagged')} flagged`,
      ...(unreadable > 0 ? [`${unreadable} could not be judged`] : []),
      ...(hidden > 0 ? [`${hidden} hidden or system files left aside`] : []),
    ];
    progress.textContent = total + hidden === 0 ? 'No images yet.' : `${parts.join(', ')}.`;
    progress.dataset.waiting = String(waiting);
  };

  const take = (files: readonly { name: string; file: Blob }[]) => {
    const first = list.entries.length + 1;
    const entries = files.map(
      ({ name, file }, i): Entry => ({ place: first + i, name, file, verdict: null, error: null }),
    );
    list.add(entries);
    judge.add(entries);
    report();
  };
  const takeGiven = (given: Given) => {
    trouble.hidden = true;
    hidden += given.hidden;
    take(given.files);
  };

  for (const [button, input] of [
    ['choose', 'files'],
    ['choose-folder', 'folder'],
  ] as const) {
    const chooser = element(input, HTMLInputElement);
    element(button, HTMLButtonElement).addEventListener('click', () => chooser.click());
    chooser.addEventListener('change', () => {
      takeGiven(chosenFiles(chooser));
      chooser.value = '';
    });
  }

  const dropZone = element('drop', HTMLElement);
  // Beside the zone too, where the browser would else leave the page for the image.
  document.addEventListener('dragover', (event) => {
    event.preventDefault();
    dropZone.classList.add('over');
  });
  document.addEventListener('dragleave', () => dropZone.classList.remove('over'));
  document.addEventListener('drop', (event) => {
    event.preventDefault();
    dropZone.classList.remove('over');
    if (!event.dataTransfer) return;
    droppedFiles(event.dataTransfer).then(takeGiven, (error) =>
      tell(`What was dropped cannot be read: ${String(error)}`),
    );
  });

  startCamera(take);
  element('csv', HTMLButtonElement).addEventListener('click', () => {
    download(csvOf(list.entries, detector.threshold), 'verdicts.csv');
  });
  element('clear', HTMLButtonElement).addEventListener('click', () => {
    judge.stop();
    hidden = 0;
    list.clear();
    report();
  });
  for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-needs-model]'))
    button.disabled = false;
  report();
}

function startCamera(take: (files: readonly { name: string; file: Blob }[]) => void): void {
  const panel = element('camera-panel', HTMLElement);
  const toggle = element('camera', HTMLButtonElement);
  const camera = new Camera(element('video', HTMLVideoElement));
  let taken = 0;
  toggle.addEventListener('click', async () => {
    // One at a time: a camera that is asked for twice stays on.
    toggle.disabled = true;
    trouble.hidden = true;
    if (camera.running) camera.stop();
    else {
      await camera
        .start()
        .catch((error) =>
          tell(`No picture comes from the camera: ${error.message ?? error}. Allow it, or choose files.`),
        );
    }
    panel.hidden = !camera.running;
    toggle.setAttribute('aria-pressed', String(camera.running));
    toggle.disabled = false;
  });
  element('take', HTMLButtonElement).addEventListener('click', async () => {
    taken += 1;
    take([{ name: `camera ${taken}`, file: await camera.take() }]);
  });
}

openDetector().then(start, (error: unknown) => {
  adapter.textContent = 'none';
  progress.textContent = 'No image can be judged.';
  if (error instanceof NoAdapterError) tell(NO_WEBGPU);
  else tell(error instanceof CyclopsError ? error.message : `The model cannot be opened: ${String(error)}`);
});
