#!/usr/bin/env bash
# Sees to what building and testing need, on Debian and its relatives.
# As root, or with a sudo that asks nothing, packages are installed. Otherwise the same packages are unpacked below
# $target/debs, and $target/prerequisites.env says where things are.
. "$(dirname "$0")/environment.sh"

missing() {
    command -v cargo >/dev/null || echo cargo
    command -v cc >/dev/null || echo cc
    if command -v "${PG_CONFIG:-pg_config}" >/dev/null && use_postgres 2>/dev/null; then
        [ -f "$("$pg_config" --includedir-server)/postgres.h" ] || echo headers
        [ -x "$bindir/postgres" ] || echo server
        [ -x "$pkglibdir/pgxs/src/test/regress/pg_regress" ] || echo headers
    else
        echo headers server
    fi
    if [ -z "$(ls ${LIBCLANG_PATH:+"$LIBCLANG_PATH"/libclang*.so*} /usr/lib/llvm-*/lib/libclang*.so* \
        /usr/lib/*/libclang*.so* /usr/lib64/libclang*.so* 2>/dev/null)" ]; then
        echo libclang
    fi
}

# pg_config may exist without its server: then the packages must be of its major.
package_major() {
    if command -v "${PG_CONFIG:-pg_config}" >/dev/null; then
        "${PG_CONFIG:-pg_config}" --version 2>/dev/null | sed -n 's/^PostgreSQL \([0-9]*\).*/\1/p'
    fi
}

lacking=$(missing | xargs)
[ -n "$lacking" ] || exit 0

major=$(package_major)
: "${major:=15}"
packages="postgresql-$major postgresql-server-dev-$major libclang-dev clang pkg-config"
case " $lacking " in *" cc "*) packages="gcc libc6-dev $packages" ;; esac

cannot() {
    echo "prerequisites: $1 ($lacking missing)"
    exit 1
}
[ "${PG_CONFIG:-pg_config}" = pg_config ] || command -v "$PG_CONFIG" >/dev/null || cannot "there is no $PG_CONFIG"
case " $lacking " in *" cargo "*) cannot "install Rust first, see https://rustup.rs" ;; esac
command -v apt-get >/dev/null || cannot "this needs PostgreSQL 15 to 18 with server headers, libclang and a C compiler"

# shellcheck disable=SC2086
install_packages() {
    "$@" apt-get update -qq &&
        "$@" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $packages
}

if [ "$(id -u)" = 0 ]; then
    echo "prerequisites: installing $packages"
    step prerequisites install_packages
elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    echo "prerequisites: installing $packages (sudo)"
    step prerequisites install_packages sudo -n
else
    case " $lacking " in *" cc "*) cannot "run as root: apt-get install $packages" ;; esac
    echo "prerequisites: unpacking $packages below ${target#"$root"/}/debs (no root here)"
    . scripts/unpack-packages.sh
    step prerequisites unpack_packages || cannot "run as root: apt-get install $packages"
    # Written only now, so that a half-unpacked PostgreSQL is never used.
    write_environment
    use_unpacked
fi

lacking=$(missing | xargs)
[ -z "$lacking" ] || cannot "run as root: apt-get install $packages"
