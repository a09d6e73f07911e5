# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=bash
# Packages of Debian 12 that are read without being installed. Sourced. The host's apt is
# used, never changed: lists, cache and sources are those of the folder.
#
#	private_apt FOLDER SUITE…    then: apt_update, apt_newest, apt_extract
#
# Each returns 1 with what apt said in FOLDER/log.
private_apt() {
	local suite archive mirror=${NFUP_VM_MIRROR:-http://deb.debian.org}

	APT_FOLDER=$1
	shift
	mkdir -p "$APT_FOLDER"/{lists,cache/archives}/partial "$APT_FOLDER/sources"
	for suite in "$@"; do
		archive=debian
		[[ $suite != *-security ]] || archive=debian-security
		echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror/$archive $suite main"
	done >"$APT_FOLDER/sources/nfup.list"
	APT=(-qq -o APT::Architecture=amd64 -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts="$APT_FOLDER/sources"
		-o Dir::State::Lists="$APT_FOLDER/lists" -o Dir::Cache="$APT_FOLDER/cache" -o APT::Sandbox::User=root
		-o Acquire::Languages=none -o Acquire::Retries=2 -o Acquire::http::Timeout=20)
}

apt_update() {
	apt-get "${APT[@]}" update >"$APT_FOLDER/log" 2>&1
}

# apt_newest PACKAGE: what an empty package like linux-image-amd64 depends on.
apt_newest() {
	apt-cache "${APT[@]}" depends "$1" 2>"$APT_FOLDER/log" | sed -n 's/.*Depends: \([^ ]*\)$/\1/p' | head -1
}

# apt_extract INTO PACKAGE…
apt_extract() {
	local into=$1 package download

	shift
	download=$(mktemp -d "$APT_FOLDER/download.XXXXXX")
	(cd "$download" && apt-get "${APT[@]}" download "$@") >"$APT_FOLDER/log" 2>&1 || return 1
	for package in "$download"/*.deb; do
		dpkg-deb --extract "$package" "$into" || return 1
	done
}
