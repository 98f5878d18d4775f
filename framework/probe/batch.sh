# One line a call: NONCE <tab> number <tab> curl's exit code <tab> HTTP status
# <tab> seconds <tab> body on one line. A last line, NONCE <tab> done, tells a
# whole batch from a cut one. The nonce is drawn anew for each batch, so that
# no answer can imitate a line. Needs only a POSIX shell, curl, tr and head.
nonce=$1 count=$2 limit=$3 agent=$4 url=$5
newline='
'
tab=$(printf '\t')
i=0
while [ "$i" -lt "$count" ]; do
  i=$((i + 1))
  answer=$(curl -s --max-time "$limit" --max-filesize 65536 -A "$agent" \
    -w "$newline$nonce %{http_code} %{time_total}" "$url" 2>/dev/null)
  code=$?
  body='' status=000 seconds=0
  case $answer in
  *"$newline$nonce "*)
    body=${answer%"$newline$nonce "*}
    tail=${answer##*"$newline$nonce "}
    status=${tail%% *} seconds=${tail#* }
    ;;
  esac
  body=$(printf '%s' "$body" | head -c 1024 | tr '\000-\037\177' ' ')
  printf '%s\n' "$nonce$tab$i$tab$code$tab$status$tab$seconds$tab$body"
done
printf '%s\n' "$nonce${tab}done"
