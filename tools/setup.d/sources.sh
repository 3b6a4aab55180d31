# C and C++ libraries that Debian 12 does not have, or has too old: built from the source archives that Python
# packages carry, because a package index is the one mirror that every workplace has.
#
# A result is keyed by archive, recipe, compiler and CPU, so a cache that moves to another CPU is built anew
# there instead of dying of an illegal instruction. deps.cmake points at the current builds; it is the only
# file that the CMake side reads.

# name==version and hash of one archive out of sources.txt
source_version() { sed -n "s/^$1==\([^ ]*\).*/\1/p" "$PINS/sources.txt"; }
source_hash() { sed -n "/^$1==/,/sha256/s/.*--hash=sha256:\([0-9a-f]*\).*/\1/p" "$PINS/sources.txt"; }

sources_step() {
  local llhttp bench
  CPU_FLAGS=$(cpu_flags)
  LLAMA=$(source_place llama llama-cpp-python)
  llhttp=$(source_place llhttp httptools)
  [ -d "$llhttp" ] || source_build httptools "$llhttp" llhttp_build 100
  [ -d "$LLAMA" ] || source_build llama-cpp-python "$LLAMA" llama_build 1500
  if [ "$MODE" = bench ]; then
    bench=$(source_place llama_bench llama-cpp-python)
    [ -d "$bench" ] || source_build llama-cpp-python "$bench" llama_bench_build 1000
    ln -sfn "$(basename "$bench")" "$CACHE/llama-bench"
  fi
  deps_write "$LLAMA" "$llhttp"
}

# The folder of a build, named by what decides its bytes: archive, recipe, compiler, CPU.
source_place() {  # library, package
  local key
  key=$({
    source_hash "$2"
    declare -f "$1_build"
    case $1 in llama*)
      declare -f llama_cmake
      cat "$ROOT/tools/setup.d/llama/CMakeLists.txt"
      echo "$CPU_FLAGS" ;;
    esac
    g++ -dumpfullversion -dumpmachine
  } | sha256sum | cut -c1-12)
  echo "$CACHE/${1//_/-}-$(source_version "$2")-$key"
}

# CPU_FLAGS are llama.cpp's own switches. AMX is never on: g++ 12 declares _tile_loadconfig with too small an input and may optimise the tile set-up away.
cpu_flags() {
  local has
  if [ "$(uname -m)" != x86_64 ]; then
    echo "-DGGML_NATIVE=ON"
    # Only for the key: what native means on this machine.
    awk -F: '/^(Features|CPU part)/ { print "#" $2 }' /proc/cpuinfo | sort -u | tr -d '\n'
    return
  fi
  has=" $(awk -F: '/^flags/ { print $2; exit }' /proc/cpuinfo) "
  echo "-DGGML_NATIVE=OFF"
  flag() {  # switch, CPU features that it needs
    local switch=$1 feature
    shift
    for feature in "$@"; do
      case $has in *" $feature "*) ;; *) echo "-D$switch=OFF"; return ;; esac
    done
    echo "-D$switch=ON"
  }
  flag GGML_SSE42 sse4_2
  flag GGML_AVX avx
  flag GGML_F16C f16c
  flag GGML_FMA fma
  flag GGML_BMI2 bmi2
  flag GGML_AVX2 avx2
  flag GGML_AVX_VNNI avx_vnni
  flag GGML_AVX512 avx512f avx512cd avx512vl avx512dq avx512bw
  flag GGML_AVX512_VBMI avx512vbmi
  flag GGML_AVX512_VNNI avx512_vnni
  flag GGML_AVX512_BF16 avx512_bf16
}

# pip asks a source archive's build backend for its name even when it only downloads. The backends are pinned
# in python-build.txt, and --no-build-isolation makes pip use those instead of fetching some.
source_fetch() {  # package
  local file
  file=$(source_file "$1")
  if [ -n "$file" ] && ! echo "$(source_hash "$1")  $file" | sha256sum --check --status; then
    say "$(basename "$file") is damaged: fetching it again"
    rm -f "$file"
    file=
  fi
  [ -z "$file" ] || return 0
  python_step build
  rm -rf "$CACHE/downloads/$1.partial"
  sed -n "/^$1==/,/sha256/p" "$PINS/sources.txt" >"$CACHE/downloads/$1.txt"
  run_step "source archive $1 $(source_version "$1") ($(sed -n "s/^# size $1: //p" "$PINS/sources.txt"))" "fetch-$1" \
    "$CACHE/python-build/bin/python" -m pip download --no-input --progress-bar off --disable-pip-version-check --no-deps --no-binary :all: \
    --no-build-isolation --require-hashes -r "$CACHE/downloads/$1.txt" -d "$CACHE/downloads/$1.partial"
  mv "$CACHE/downloads/$1.partial"/*.tar.gz "$CACHE/downloads/"
  rm -rf "$CACHE/downloads/$1.partial" "$CACHE/downloads/$1.txt"
}
source_file() { find "$CACHE/downloads" -maxdepth 1 -name "${1//-/?}-$(source_version "$1").tar.gz"; }

# An interrupted build goes on where it stopped: the tree stays under build/ until the result is in place.
source_build() {  # package, final folder, recipe, MiB needed
  local tree
  tree=$CACHE/build/$(basename "$2")
  require_space "$CACHE" "$4" "building $1"
  source_fetch "$1"
  if [ ! -e "$tree/unpacked" ]; then
    rm -rf "$tree"
    mkdir -p "$tree/source"
    tar xzf "$(source_file "$1")" -C "$tree/source" --strip-components=1 --exclude='*/llama.cpp/tools/ui/*' \
      --exclude='*/llama.cpp/docs/*' --exclude='*/llama.cpp/media/*' ||
      die "could not unpack $(source_file "$1")" "is the disk full? free some space and run again"
    cp -r "$ROOT/tools/setup.d/llama" "$tree/recipe"
    touch "$tree/unpacked"
  fi
  rm -rf "$2.partial"
  run_step "building $(basename "$2")" "build-$1" "$3" "$tree" "$2.partial"
  mv "$2.partial" "$2"
  rm -rf "$tree"
}

llhttp_build() {  # tree, destination
  local from=$1/source/vendor/llhttp
  mkdir -p "$2"/{include,lib} "$1/objects"
  (cd "$1/objects" && gcc -O3 -DNDEBUG -fPIC -I"$from/include" -c "$from"/src/*.c)
  ar rcs "$2/lib/libllhttp.a" "$1"/objects/*.o
  cp "$from/include/llhttp.h" "$2/include/"
  cp "$from/LICENSE" "$2/"
}

# -O3 where tokens are made; the recipe in llama/CMakeLists.txt says what is left out.
llama_cmake() {  # tree, more switches
  cmake -S "$1/recipe" -B "$1/objects" -G Ninja -DLLAMA_SOURCE="$1/source/vendor/llama.cpp" -DCMAKE_BUILD_TYPE=Release \
    -DCMAKE_C_FLAGS_RELEASE="-O3 -DNDEBUG" -DCMAKE_CXX_FLAGS_RELEASE="-O3 -DNDEBUG" \
    -DCMAKE_C_COMPILER=gcc -DCMAKE_CXX_COMPILER=g++ -DCMAKE_C_COMPILER_LAUNCHER=ccache -DCMAKE_CXX_COMPILER_LAUNCHER=ccache \
    -DCMAKE_POSITION_INDEPENDENT_CODE=ON -DBUILD_SHARED_LIBS=OFF "${@:2}"
}

llama_build() {  # tree, destination
  local from=$1/source/vendor/llama.cpp library
  # shellcheck disable=SC2046
  llama_cmake "$1" $(echo "$CPU_FLAGS" | grep -v '^#') -DGGML_OPENMP=ON -DGGML_BLAS=OFF -DLLAMA_ALL_WARNINGS=OFF
  grep -q '^GGML_OPENMP_ENABLED.*ON' "$1/objects/CMakeCache.txt" || { echo "OpenMP was not found: ggml would run on one thread"; return 1; }
  nice ninja -C "$1/objects" -j "${BATON_JOBS:-$(nproc)}" llama-common
  mkdir -p "$2"/{include,lib}
  for library in libllama-common llama/src/libllama llama/ggml/src/libggml llama/ggml/src/libggml-cpu llama/ggml/src/libggml-base; do
    cp "$1/objects/$library.a" "$2/lib/"
  done
  cp "$from"/include/*.h "$from"/ggml/include/*.h "$2/include/"
  (cd "$from" && find common -name '*.h' -o -name '*.hpp') | while read -r library; do
    install -D -m 644 "$from/$library" "$2/include/$library"
  done
  install -D -m 644 -t "$2/include/nlohmann" "$from"/vendor/nlohmann/*.hpp
  cp "$from/LICENSE" "$2/"
  echo "$CPU_FLAGS" >"$2/cpu-flags"
}

# Upstream's own benchmark on the same libraries: what Baton's decode rate is held against.
llama_bench_build() {  # tree, destination
  llama_cmake "$1" -DLLAMA_BUILT="$LLAMA"
  nice ninja -C "$1/objects" -j "${BATON_JOBS:-$(nproc)}" llama-bench
  mkdir -p "$2"
  cp "$1/objects/llama-bench" "$2/"
}

# Rewritten only when it changes: CMake configures again whenever its time stamp moves.
deps_write() {  # llama folder, llhttp folder
  cat >"$CACHE/deps.cmake.partial" <<CMAKE
# Written by tools/setup: where the pinned third-party builds are.
find_package(Threads REQUIRED)

set(BATON_LLAMA \${CMAKE_CURRENT_LIST_DIR}/$(basename "$1"))
add_library(llama INTERFACE)
target_include_directories(llama SYSTEM INTERFACE \${BATON_LLAMA}/include \${BATON_LLAMA}/include/common)
target_link_libraries(llama INTERFACE \${BATON_LLAMA}/lib/libllama-common.a \${BATON_LLAMA}/lib/libllama.a \${BATON_LLAMA}/lib/libggml.a
  \${BATON_LLAMA}/lib/libggml-cpu.a \${BATON_LLAMA}/lib/libggml-base.a
  gomp Threads::Threads \${CMAKE_DL_LIBS} m)  # gcc's OpenMP runtime, whichever compiler links: gcc built ggml

set(BATON_LLHTTP \${CMAKE_CURRENT_LIST_DIR}/$(basename "$2"))
add_library(llhttp STATIC IMPORTED)
set_target_properties(llhttp PROPERTIES IMPORTED_LOCATION \${BATON_LLHTTP}/lib/libllhttp.a)
target_include_directories(llhttp SYSTEM INTERFACE \${BATON_LLHTTP}/include)
CMAKE
  if cmp -s "$CACHE/deps.cmake.partial" "$CACHE/deps.cmake"; then
    rm "$CACHE/deps.cmake.partial"
  else
    mv "$CACHE/deps.cmake.partial" "$CACHE/deps.cmake"
  fi
  # For scripts that have no CMake at hand.
  ln -sfn "$(basename "$1")" "$CACHE/llama"
}
