#!/usr/bin/env bash
# The nightly job: loads a target several times, judges it, adds both and a canary to the history, and asks the gate.
#
#   TARGET    what is loaded and judged (reference), ROLE the role that is judged (receiver)
#   PLAN      plan of the load (nightly-handshake), ROUNDS how often (7), DURATION how long each time (20s)
#   HISTORY   folder of the history (results/history); it has to outlast the job
#   OUT       folder for tonight's runs (results/runs/nightly-<time>)
#   MAILTLS   the program (bin/mailtls)
#
# Ends with the gate's exit code: 0 nothing became worse, 1 something did, 2 there is nothing to hold it against (the first
# nights) or a step left nothing, 3 the machine was too noisy. From cron:
#
#   17 2 * * *  cd /srv/mailtls && .ci/examples/nightly.sh || mail -s 'mailtls: worse' ops@example.test </dev/null
set -euo pipefail

mailtls=${MAILTLS:-bin/mailtls}
target=${TARGET:-reference}
history=${HISTORY:-results/history}
out=${OUT:-results/runs/nightly-$(date -u +%Y%m%d-%H%M%S)}

# attempt COMMAND...: goes on whatever it finds; a step that leaves nothing ends the job when the history takes it.
attempt() {
	local code=0
	"$@" || code=$?
	[ "$code" -eq 130 ] && exit 130
	echo "exit code $code"
}

if [ -e "$out" ]; then
	echo "$out is there already: it is another night's; give an OUT of its own" >&2
	exit 2
fi
left=()
for round in $(seq "${ROUNDS:-7}"); do
	attempt "$mailtls" bench --target "$target" --plan "${PLAN:-nightly-handshake}" --duration "${DURATION:-20s}" --out "$out/load-$round"
	left+=("$out/load-$round")
done
attempt "$mailtls" run --target "$target" --role "${ROLE:-receiver}" --out "$out/verdicts"
left+=("$out/verdicts")

"$mailtls" history add --history "$history" --canary "${left[@]}"
"$mailtls" report "$out" --format junit --out "$out/junit.xml"
"$mailtls" report "$out" --format openmetrics --out "$out/metrics.txt"
"$mailtls" report "$out" --format markdown --out "$out/report.md"
"$mailtls" gate --history "$history"
