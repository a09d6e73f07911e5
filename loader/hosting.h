// SPDX-License-Identifier: BSD-2-Clause
// XDP programs of others as the end of a chain: tail-called, so they must suit the prog
// array that nfup's programs share.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "fd.h"
#include "intent/result.h"

namespace nfup::loader {

struct Guest {
	Fd program;
	std::uint32_t prog_id = 0;
	std::string name;
	// Prog arrays of an object that was loaded here, by name: they must be pinned, for
	// one whose last fd or pin goes is emptied.
	std::map<std::string, Fd> arrays;
};

// `what`: a pinned program, or an object file, FILE.o or FILE.o:PROGRAM, which is loaded
// with maps of its own. Error (kind intent): neither, or which program is not clear.
Result<Guest> open_guest(const std::string& what);
Result<Guest> open_guest(std::uint32_t prog_id);

// Tried with a throw-away prog array. Error (kind refused): why it cannot be tail-called
// from nfup's programs on this kernel, and what helps.
Result<void> check_guest(const Guest& guest);

} // namespace nfup::loader
