#!/bin/sh
# Builds the reference reader of the Zstandard Seekable Format (contrib/ of the zstd sources) into a cache folder:
#   BAT_SEEKABLE_JUDGE=$(test/volume/judges/build-seekable.sh CACHE_FOLDER) npx vitest run test/volume/seek-table.test.ts
# Needs a C compiler, make, and either deb-src lines for apt-get, or curl. Prints the path of the program.
set -eu
cache=${1:?usage: build-seekable.sh CACHE_FOLDER}
mkdir -p "$cache"
cache=$(cd "$cache" && pwd)
judge=$cache/seekable_decompression
if [ ! -x "$judge" ]; then
  cd "$cache"
  if [ ! -d source ]; then
    rm -rf unpack
    mkdir unpack
    (
      cd unpack
      if apt-get source --download-only libzstd >&2 2>/dev/null; then
        tar -xf libzstd_*.orig.tar.*
      else
        rm -f ./*
        curl -fsSL -o zstd.tar.xz http://deb.debian.org/debian/pool/main/libz/libzstd/libzstd_1.5.4+dfsg2.orig.tar.xz
        tar -xf zstd.tar.xz
      fi
    ) >&2
    mv unpack/zstd-* source
    rm -rf unpack
  fi
  make -C source/contrib/seekable_format/examples seekable_decompression >&2
  cp source/contrib/seekable_format/examples/seekable_decompression "$judge"
fi
echo "$judge"
