#!/usr/bin/env bash
# Builds the libraries of a static executable, once, and prints their folder.
#
#	krew/libraries.sh x86_64|aarch64|x86_64-macos|aarch64-macos
#
# The sources are Debian's (sources.txt), the compiler is zig with musl. What is
# built stays under ~/.cache/keyrot-dist, by a hash of these two files.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
arch=${1:?usage: krew/libraries.sh x86_64|aarch64}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/keyrot-dist
case $arch in
*-macos) target=$arch.11.0 host=${arch%-macos}-apple-darwin ;;
*) target=$arch-linux-musl host=$target ;;
esac
ZIG_VERSION=0.17.1
RELEASE=trixie
export LC_ALL=C SOURCE_DATE_EPOCH=0 ZIG_GLOBAL_CACHE_DIR=$cache/zig

id=$(cat "$here/sources.txt" "$here/libraries.sh" | sha256sum | cut -c1-16)
prefix=$cache/$id/$arch
if [[ -e $prefix/done ]]; then
	echo "$prefix"
	exit
fi
mkdir -p "$cache/sources" "$cache/$id"
exec 9>"$cache/lock"
flock 9
log=$cache/$id/$arch.log
exec 3>&1 4>&2 >"$log" 2>&1
trap 'status=$?; ((status)) && { tail -n 20 "$log"; echo "see $log"; } >&4' EXIT

say() { echo "$@" >&4; }

# Names of sources are Debian's; where the newest is not on the mirror, the
# version that is asked for mostly is.
fetch() {
	local apt=$cache/apt uri name version debian sum rest file options
	uri=$(grep -rhoE '^(URIs:|deb) +[a-z]+://\S*/debian( |$)' \
		/etc/apt/sources.list /etc/apt/sources.list.d 2>/dev/null |
		head -n 1 | awk '{print $2}' || true)
	mkdir -p "$apt/lists/partial" "$apt/cache/archives/partial"
	# The checksums below are what is trusted.
	printf 'deb-src [trusted=yes] %s %s main\n' "$uri" $RELEASE \
		"$uri-security" $RELEASE-security >"$apt/sources.list"
	options=(-q -o "Dir::Etc::SourceList=$apt/sources.list"
		-o Dir::Etc::SourceParts=/dev/null
		-o "Dir::State::Lists=$apt/lists" -o "Dir::Cache=$apt/cache"
		-o APT::Sandbox::User=)
	apt-get "${options[@]}" update
	while read -r name version debian sum rest; do
		file=$cache/sources/${name}_$version.orig.tar.gz
		[[ $debian == - ]] && debian= || debian==$debian
		[[ -e $file ]] || (cd "$cache/sources" && apt-get \
			"${options[@]}" source --download-only --tar-only \
			"$name$debian")
		echo "$sum  $file" | sha256sum --check
	done < <(grep -v '^#' "$here/sources.txt")
}

compiler() {
	local venv=$cache/zig-$ZIG_VERSION
	if [[ ! -e $venv/bin/zcc ]]; then
		python3 -m venv "$venv"
		"$venv/bin/pip" -q install "ziglang==$ZIG_VERSION"
	fi
	zig=$(echo "$venv"/lib/python3*/site-packages/ziglang/zig)
	tools=$prefix/bin
	printf '#!/bin/sh\nexport ZIG_GLOBAL_CACHE_DIR=%s\nexec %s cc %s "$@"\n' \
		"$cache/zig" "$zig" \
		"-target $target -ffile-prefix-map=$work=." \
		>"$tools/zcc"
	printf '#!/bin/sh\nexec %s ar "$@"\n' "$zig" >"$tools/zar"
	printf '#!/bin/sh\nexec %s ranlib "$@"\n' "$zig" >"$tools/zranlib"
	chmod +x "$tools"/z*
	cp "$(dirname "$zig")/lib/libc/musl/COPYRIGHT" "$prefix/licences/musl"
	PATH=$tools:$PATH
}

work=$cache/$id/work-$arch
hardening=-fcf-protection=full
[[ $arch == aarch64* ]] && hardening=-mbranch-protection=standard
flags="-O2 -g0 -fPIE -fstack-protector-strong $hardening"
flags+=" -ffunction-sections -fdata-sections -fno-unwind-tables"
flags+=" -fno-asynchronous-unwind-tables"

version_of() {
	awk -v p="$1" '$1 == p {print $2}' "$here/sources.txt"
}

unpack() {
	tar -xzf "$cache/sources/$1_$(version_of "$1").orig.tar.gz" -C "$work"
	cd "$work"/*"${2:-$1}"-*
}

library() { # NAME INCLUDE... -- FILE...
	local name=$1 file objects=() includes=()
	shift
	while [[ $1 != -- ]]; do
		includes+=("$1")
		shift
	done
	shift
	for file in "$@"; do
		# shellcheck disable=SC2086 # flags are words
		zcc $flags "${includes[@]}" -c "$file" -o "$file.o"
		objects+=("$file.o")
	done
	zar rcsD "$prefix/lib/lib$name.a" "${objects[@]}"
}

build_openssl() {
	local config=linux-$arch
	case $arch in
	aarch64-macos) config=darwin64-arm64-cc ;;
	x86_64-macos) config=darwin64-x86_64-cc ;;
	esac
	unpack openssl
	# What TLS 1.2 and 1.3, CMS, scrypt and PKCS#8 do not need is left out.
	CC=zcc AR=zar RANLIB=zranlib ./Configure "$config" \
		--prefix=/usr --libdir=lib --openssldir=/etc/ssl \
		no-shared no-filenames no-tests no-legacy no-engine no-dso \
		no-module no-async no-autoload-config no-comp no-ssl3 no-dtls \
		no-apps no-docs no-quic no-http no-rc2 no-rc4 no-rc5 no-idea \
		no-seed no-bf no-cast no-camellia no-aria no-sm2 no-sm3 no-sm4 \
		no-md4 no-mdc2 no-whirlpool no-rmd160 no-blake2 no-srp no-srtp \
		no-psk no-gost no-ts no-cmp no-ocb no-siphash no-ct no-ocsp \
		no-weak-ssl-ciphers no-tls1 no-tls1_1 no-ml-dsa no-slh-dsa \
		CFLAGS="$flags"
	make -s build_generated
	make -s -j"$(nproc)" libcrypto.a libssl.a
	cp libcrypto.a libssl.a "$prefix/lib/"
	cp -r include/openssl "$prefix/include/"
	cp LICENSE.txt "$prefix/licences/openssl"
}

build_nghttp2() {
	local version major minor patch
	version=$(version_of nghttp2)
	IFS=. read -r major minor patch <<<"$version"
	unpack nghttp2
	sed "s/@PACKAGE_VERSION@/$version/; s/@PACKAGE_VERSION_NUM@/$(
		printf '0x%02x%02x%02x' "$major" "$minor" "$patch")/" \
		lib/includes/nghttp2/nghttp2ver.h.in \
		>lib/includes/nghttp2/nghttp2ver.h
	library nghttp2 -DNGHTTP2_STATICLIB -DHAVE_ARPA_INET_H \
		-DHAVE_NETINET_IN_H -DHAVE_CLOCK_GETTIME \
		-DHAVE_DECL_CLOCK_MONOTONIC=1 -Ilib/includes -Ilib \
		-- lib/*.c
	cp -r lib/includes/nghttp2 "$prefix/include/"
	cp COPYING "$prefix/licences/nghttp2"
}

build_cjson() {
	unpack cjson cJSON
	library cjson -I. -- cJSON.c
	mkdir -p "$prefix/include/cjson"
	cp cJSON.h "$prefix/include/cjson/"
	cp LICENSE "$prefix/licences/cjson"
}

build_libyaml() {
	local version major minor patch
	version=$(version_of libyaml)
	IFS=. read -r major minor patch <<<"$version"
	unpack libyaml
	printf '#define YAML_VERSION_%s\n' "MAJOR $major" "MINOR $minor" \
		"PATCH $patch" "STRING \"$version\"" >include/config.h
	library yaml -DHAVE_CONFIG_H -Iinclude -- src/*.c
	cp include/yaml.h "$prefix/include/"
	cp License "$prefix/licences/libyaml"
}

build_zlib() {
	unpack zlib
	library z -I. -DHAVE_UNISTD_H -- *.c
	cp zlib.h zconf.h "$prefix/include/"
	cp LICENSE "$prefix/licences/zlib"
}

build_curl() {
	unpack curl
	local off=(ftp file ldap ldaps rtsp dict telnet tftp pop3 imap smb smtp
		gopher mqtt ntlm tls-srp alt-svc hsts doh netrc cookies
		unix-sockets manual docs websockets ipfs aws kerberos-auth
		negotiate-auth libcurl-option
		dependency-tracking)
	local options=() word
	for word in "${off[@]}"; do
		options+=("--disable-$word")
	done
	# There are no frameworks to link with here, and nothing of theirs that
	# is needed.
	sed -i 's/-framework [A-Za-z]*//g' configure
	sed -i 's/define CURL_MACOS_CALL_COPYPROXIES 1/undef CURL_MACOS_CALL_COPYPROXIES/' \
		lib/curl_setup.h
	[[ $arch != *-macos ]] || export ac_cv_func_pipe2=no
	PKG_CONFIG=false CC=zcc AR=zar RANLIB=zranlib CFLAGS="$flags" \
		CPPFLAGS="-I$prefix/include -DNGHTTP2_STATICLIB" \
		LDFLAGS="-L$prefix/lib" ./configure -q \
		--host="$host" --prefix="$prefix" --disable-shared \
		--enable-static --with-openssl="$prefix" \
		--with-nghttp2="$prefix" --enable-threaded-resolver \
		--enable-proxy --enable-ipv6 \
		--disable-openssl-auto-load-config --without-ca-bundle \
		--without-ca-path --with-ca-fallback --with-zlib="$prefix" \
		--without-brotli --without-zstd --without-libpsl \
		--without-libidn2 --without-librtmp --without-libssh2 \
		--without-libgsasl "${options[@]}"
	make -s -j"$(nproc)" -C lib
	cp lib/.libs/libcurl.a "$prefix/lib/"
	mkdir -p "$prefix/include/curl"
	cp include/curl/*.h "$prefix/include/curl/"
	cp COPYING "$prefix/licences/curl"
}

[[ -e $prefix/done ]] && { echo "$prefix" >&3; exit; }
say "building the libraries of the static executable for $arch: minutes, once"
rm -rf "$prefix" "$work"
mkdir -p "$prefix/bin" "$prefix/lib" "$prefix/include" "$prefix/licences" "$work"
fetch
compiler
for name in openssl nghttp2 cjson libyaml zlib curl; do
	say "  $name"
	(build_$name)
done
rm -rf "$work"
touch "$prefix/done"
echo "$prefix" >&3
