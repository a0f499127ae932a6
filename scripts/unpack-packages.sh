# shellcheck shell=bash
# Sourced by prerequisites.sh and pg-cron.sh: Debian packages without root. apt resolves and downloads what the system
# lacks, dpkg only unpacks it: no script of a package runs, and nothing outside $target is touched.

debs=$target/debs
apt=$target/apt

# Lists of its own: the system's may be missing or old, and may not be refreshed by this user.
private_apt() {
    apt-get -o Dir::State::lists="$apt/lists" -o Dir::Cache="$apt/cache" -o Debug::NoLocking=true \
        -o APT::Sandbox::User= "$@"
}

refresh_private_apt() {
    mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial" && private_apt update -qq
}

# shellcheck disable=SC2086
unpack_packages() {
    local names package
    mkdir -p "$debs" &&
        refresh_private_apt &&
        names=$(private_apt install -s -qq --no-install-recommends $packages) &&
        # A C library beside the system's would break every program that finds it.
        names=$(awk '/^Inst/ && $2 != "libc6" { print $2 }' <<<"$names") &&
        (cd "$apt/cache/archives" && private_apt download -qq $names) || return
    for package in "$apt"/cache/archives/*.deb; do
        dpkg -x "$package" "$debs" || return
    done
    rm -rf "$apt"
}

write_environment() {
    local postgres=$debs/usr/lib/postgresql/$major libclang libraries
    libclang=$(dirname "$(ls "$debs"/usr/lib/llvm-*/lib/libclang*.so* | head -n 1)")
    libraries=$(dirname "$(ls -d "$debs"/usr/lib/*/libpq.so.5)")
    libraries=$libraries:$debs/lib/${libraries##*/}
    # Somebody who names another pg_config means it; and whoever runs below a script that read this has it all.
    cat >"$target/prerequisites.env" <<END
if [ "\${PG_CONFIG:-pg_config}" = pg_config ]; then
    export PG_CONFIG='$postgres/bin/pg_config'
    export LIBCLANG_PATH='$libclang'
    export LD_LIBRARY_PATH='$libraries':'$libclang'\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}
fi
END
}
