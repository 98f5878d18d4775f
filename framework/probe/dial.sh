# One attempt a door, one line each: NONCE <tab> number <tab> curl's exit code
# <tab> status <tab> seconds to connect <tab> seconds to the end of the TLS
# handshake <tab> bytes of the body <tab> body on one line.
nonce=$1
shift
newline='
'
tab=$(printf '\t')
i=0
while [ "$#" -ge 3 ]; do
  i=$((i + 1))
  if [ -n "$2" ]; then
    answer=$(curl -s -k --max-time "$1" --connect-to "::$2" -w "$newline$nonce %{http_code}$tab%{time_connect}$tab%{time_appconnect}$tab%{size_download}" "$3" 2>/dev/null)
  else
    answer=$(curl -s -k --max-time "$1" -w "$newline$nonce %{http_code}$tab%{time_connect}$tab%{time_appconnect}$tab%{size_download}" "$3" 2>/dev/null)
  fi
  code=$?
  body='' facts="000${tab}0${tab}0${tab}0"
  case $answer in
  *"$newline$nonce "*)
    body=${answer%"$newline$nonce "*}
    facts=${answer##*"$newline$nonce "}
    ;;
  esac
  body=$(printf '%s' "$body" | head -c 1024 | tr '\000-\037\177' ' ')
  printf '%s\n' "$nonce$tab$i$tab$code$tab$facts$tab$body"
  shift 3
done
