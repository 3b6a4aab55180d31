# Python environments in the cache: one per purpose, each from a file of versions with hashes, wheels only.

python_step() {  # purpose: build, demo, test or bench
  local pins=$PINS/python-$1.txt key stamp env
  key=$(hash_of "$pins" <(/usr/bin/python3 -c 'import sys; print(sys.version, sys.prefix)'))
  stamp=$(stamp_of "python-$1" "$key")
  env=$CACHE/python-$1
  [ -e "$stamp" ] && [ -x "$env/bin/python" ] && return 0
  rm -rf "$env"
  run_step "Python environment '$1': $(grep -c '==' "$pins") packages" "python-$1" python_make "$env" "$pins"
  touch "$stamp"
}

python_make() {
  /usr/bin/python3 -m venv "$1"
  "$1/bin/python" -m pip install --no-input --progress-bar off --disable-pip-version-check --no-deps --no-compile --require-hashes --only-binary :all: \
    -r "$2"
}
