# Refuses what a dispatch may not contain, before anything signs in or runs: identifiers and times, and no other text.
# Values are not printed: a log must not repeat what it refuses.
set -euo pipefail

python3 -I "$(dirname "${BASH_SOURCE[0]}")/payload.py" # first the types, as GitHub wrote them

refuse() {
  echo "::error::$1; nothing was started. Send what docs/architecture.md, Events, describes."
  exit 1
}

check() { # name, pattern, what it should be
  local value="${!1:-}"
  if [[ -n "$value" && ! "$value" =~ ^$2$ ]]; then refuse "$1 is not $3"; fi
}

need() { # name: an event of this type without it would start something else than what was asked for
  if [[ -z "${!1:-}" ]]; then refuse "$1 is missing from a $EVENT_TYPE event"; fi
}

time='[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9]{2}:?[0-9]{2})?)?'
check DRIFT_ID 'drift-[0-9a-f]{12}' 'a drift id (drift- and 12 hexadecimal digits)'
check CHECK_ID 'chk-[0-9a-f]{12}' 'a check id (chk- and 12 hexadecimal digits)'
check DRIFT_ATTEMPT '[1-9][0-9]{0,2}' 'the number of a try (1 to 999)'
check DRIFT_REASON '(drift|degraded)' 'drift or degraded'
check DRIFT_SINCE "$time" 'an ISO 8601 time'
check AS_OF "$time" 'an ISO 8601 time'
check DRIFTLOOP_MODEL '[A-Za-z0-9][A-Za-z0-9._-]{0,254}' 'the name of a model'
check DEPLOY_ACTION '(deploy|rollback)' 'deploy or rollback'
check MODEL_VERSION '[1-9][0-9]{0,8}' 'a version (a whole number)'

case "${EVENT_TYPE:-}" in
  drift-detected) need DRIFT_ID && need DRIFTLOOP_MODEL ;;
  model-registered) need MODEL_VERSION && need DRIFTLOOP_MODEL ;;
esac
