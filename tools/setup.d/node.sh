# Node modules for the tests that run the vendors' own clients. Node itself comes with the Python test
# environment, so that neither the machine's Node nor a distribution's hundreds of packages matter.

node_step() {
  local folder key stamp lock
  export PATH=$CACHE/python-test/bin:$PATH
  while read -r folder _; do
    lock=$ROOT/$folder/package-lock.json
    [ -e "$lock" ] || continue
    key=$(hash_of "$lock" "$PINS/python-test.txt")
    stamp=$ROOT/$folder/node_modules/.baton-$key
    [ -e "$stamp" ] && continue
    run_step "Node modules in $folder" "node-${folder//\//-}" node_make "$ROOT/$folder"
    touch "$stamp"
  done < <(grep -v '^#' "$PINS/node.txt")
}

# --ignore-scripts: nothing fetched from outside runs while it is being installed.
node_make() {
  cd "$1"
  npm ci --ignore-scripts --no-audit --no-fund --prefer-offline --cache "$CACHE/npm"
}
