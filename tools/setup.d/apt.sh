# System packages. When all are there, one dpkg-query says so and nothing else happens (no root, no network).

# Modes are nested: all need `build`.
apt_wanted() {
  awk -v mode="$MODE" '!/^#/ && NF && ($2 == "build" || $2 == mode) { print $1 }' "$PINS/apt.txt"
}

apt_missing() {
  local wanted have
  wanted=$(apt_wanted | sort -u)
  # shellcheck disable=SC2086
  have=$(dpkg-query -W -f '${Package} ${db:Status-Status}\n' $wanted 2>/dev/null | awk '$2 == "installed" { print $1 }' | sort -u || true)
  comm -23 <(echo "$wanted") <(echo "$have")
}

apt_step() {
  local missing root_do=()
  command -v dpkg-query >/dev/null || die "this machine has no dpkg; Baton's set-up knows Debian 12" \
    "elsewhere, run it in a container or chroot of Debian 12 (tools/bare_debian makes one)"
  missing=$(apt_missing | tr '\n' ' ')
  [ -n "${missing// /}" ] || return 0
  # shellcheck source=/dev/null
  . /etc/os-release
  [ "${ID:-}" = debian ] && [ "${VERSION_ID:-}" = 12 ] || die \
    "packages are missing and this is ${PRETTY_NAME:-an unknown system}, not Debian 12" \
    "install their equivalents yourself: $missing" "(tools/pins/apt.txt says what each is for), or use a Debian 12 chroot: tools/bare_debian"
  if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null || die "system packages are missing and there is neither root nor sudo" \
      "ask an administrator to run: apt-get install --no-install-recommends $missing"
    [ -t 0 ] || sudo -n true 2>/dev/null || die "sudo wants a password and there is no terminal to ask on" \
      "run once: sudo apt-get install --no-install-recommends $missing"
    root_do=(sudo)
    sudo -v || die "sudo was refused" "ask an administrator to run: apt-get install --no-install-recommends $missing"
  fi
  root_do+=(env DEBIAN_FRONTEND=noninteractive LC_ALL=C ${http_proxy:+"http_proxy=$http_proxy"} ${https_proxy:+"https_proxy=$https_proxy"})
  require_space /var 2500 "installing system packages"
  if [ -n "$(dpkg --audit 2>/dev/null)" ]; then
    run_step "finishing an interrupted package installation" dpkg "${root_do[@]}" dpkg --configure -a
  fi
  run_step "package lists" apt-update "${root_do[@]}" apt-get -o DPkg::Lock::Timeout=300 -o APT::Update::Error-Mode=any update
  # shellcheck disable=SC2086
  run_step "system packages: $(apt_size $missing)" apt-install "${root_do[@]}" \
    apt-get -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 -o Dpkg::Use-Pty=0 install -y --no-install-recommends $missing
  missing=$(apt_missing | tr '\n' ' ')
  [ -z "${missing// /}" ] || die "apt-get said it was done, yet these are missing: $missing"
}

apt_size() {
  LC_ALL=C apt-get install --assume-no --no-install-recommends "$@" 2>/dev/null |
    awk '/newly installed/ { n = $3 } /^Need to get/ { sub(/^Need to get /, ""); sub(/ of archives.*/, ""); size = $0 }
         END { printf "%s packages, %s to download", n, size }'
}
