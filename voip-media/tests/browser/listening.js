// A tone to say and an ear for what comes, for pages that are the far end of a call.
"use strict";

const sound = new AudioContext();

/** A tone, as a stream that a call can send. */
class Tone {
  constructor(hertz) {
    this.oscillator = sound.createOscillator();
    this.oscillator.frequency.value = hertz;
    const out = sound.createMediaStreamDestination();
    const level = sound.createGain();
    level.gain.value = 0.25;
    this.oscillator.connect(level).connect(out);
    this.oscillator.start();
    this.stream = out.stream;
  }

  stop() {
    this.oscillator.stop();
  }
}

/** Looks at what a stream brings. */
class Ear {
  constructor(stream) {
    // Nothing is decoded unless an element plays it.
    this.element = new Audio();
    this.element.srcObject = stream;
    this.element.muted = true;
    this.element.play();
    this.heard = sound.createAnalyser();
    this.heard.fftSize = 8192;
    sound.createMediaStreamSource(stream).connect(this.heard);
  }

  /** Whether the tone is most of what is heard, or nothing is if there is no tone. */
  hears(hertz) {
    return hertz ? this.shareOf(hertz) > 0.8 : this.energy() < 1e-5;
  }

  samples() {
    const samples = new Float32Array(this.heard.fftSize);
    this.heard.getFloatTimeDomainData(samples);
    return samples;
  }

  energy() {
    const samples = this.samples();
    return samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
  }

  /** The mean share of a tone in windows of 20 ms (Goertzel): stretched time moves its phase. */
  shareOf(hertz) {
    const samples = this.samples();
    const window = Math.round(sound.sampleRate / 50);
    let [share, windows] = [0, 0];
    for (let from = 0; from + window <= samples.length; from += window, windows++) {
      let [real, imaginary, energy] = [0, 0, 1e-9];
      for (let at = 0; at < window; at++) {
        const angle = (2 * Math.PI * hertz * at) / sound.sampleRate;
        const sample = samples[from + at];
        real += sample * Math.cos(angle);
        imaginary += sample * Math.sin(angle);
        energy += sample * sample;
      }
      share += (2 * (real * real + imaginary * imaginary)) / window / energy;
    }
    return share / windows;
  }
}

/** Looks every 50 ms whether it is so, for some milliseconds; whether it became so. */
async function becomesSo(within, isSo) {
  const end = performance.now() + within;
  while (performance.now() < end) {
    if (isSo()) return true;
    await new Promise((done) => setTimeout(done, 50));
  }
  return false;
}

/** Carries out what the test asks of this page, each with `carryOut`, as long as there is the page. */
async function serveCommands(page, carryOut) {
  const serve = async (command) => {
    let result;
    try {
      result = { value: (await carryOut(command)) ?? null };
    } catch (error) {
      result = { error: String(error) };
    }
    await fetch(`/result?id=${command.id}`, { method: "POST", body: JSON.stringify(result) });
  };
  await sound.resume();
  for (;;) {
    const next = await fetch(`/next?page=${page}`);
    if (next.status === 200) serve(await next.json());
  }
}
