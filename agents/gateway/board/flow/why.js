// Why a figure is what it is, in sentences: the gateway's in English, in other languages made of the same evidence.

import { periodWords } from "../shared/periods.js";
import { recorded, t } from "../shared/language.js";
import { claimWords, count, flowWords } from "../shared/words.js";

const MOST = 6; // claims of a role that get a sentence

/** The sentences about the evidence of a figure, without the figure itself. */
export function whySentences(evidence) {
  if (!recorded) return evidence.says.slice(1);
  const { flow, claims, counts, figure, added_up: sum } = evidence;
  const of = (role) => claims.filter((claim) => claim.role === role);
  const reports = new Set(of("counted").map((claim) => `${claim.source}/${claim.report}`));
  const outer = of("counted").filter((claim) => !reports.has(claim.inside));
  const sentence = (key) => (claim) =>
    t(key, { source: claim.source_name, claim: claimWords(claim), where: claim.flow === flow ? "" : ` (${flowWords(claim.flow)})`, period: periodWords(claim) });
  const readings = counts.reduce((all, tally) => all + tally.readings, 0);
  return [
    ...outer.slice(0, MOST).map(sentence("why.counted")),
    readings ? t("why.readings", { readings: count(readings, "reading"), sources: [...new Set(counts.map((tally) => tally.source_name))].join(", ") }) : "",
    ...of("conflict").slice(0, MOST).map(sentence("why.conflict")),
    figure?.projected ? t("why.projected", { people: figure.projected }) : "",
    figure && sum > figure.best * 1.005 && sum > figure.best ? t("why.twice", { sum, more: sum - figure.best }) : "",
    of("noted").length ? t("why.noted", { n: of("noted").length }) : "",
    of("withdrawn").length ? t("why.withdrawn", { n: of("withdrawn").length }) : "",
  ].filter(Boolean);
}
