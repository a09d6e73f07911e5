// SPDX-License-Identifier: BSD-2-Clause
// The check before the flip: packets through a scratch copy of the new generation.
// docs/canary.md says what is checked.
#pragma once

#include <string>
#include <vector>

#include "canary_file.h"
#include "intent/result.h"
#include "records.h"
#include "scratch.h"

namespace nfup::upgrade {

// A packet that did not do what it must.
struct CanaryFailure {
	std::string name; // of the case; "generated"
	int line = 0;     // in the canary file; 0: generated
	std::string port, packet;
	std::string expected, got;
	std::vector<std::string> path; // nodes it met
};

// A generated packet that the new generation treats otherwise than the one that
// runs, by way of nodes that changed.
struct CanaryDifference {
	std::string port, packet;
	std::string before, after;
	std::vector<std::string> changed; // nodes on its path that changed; none: by state they wrote
};

struct CanaryReport {
	std::string file;    // empty: there is none beside the intent
	std::string skipped; // why nothing was run; empty: it was
	std::string note;    // what could not be looked at
	int cases = 0;       // written ones
	int packets = 0;     // written and generated ones
	std::vector<CanaryFailure> failed;
	std::vector<CanaryDifference> differences; // the first hundred
	int different = 0;                         // how many there were
	int loaded = 0;                            // programs of the scratch copy that were not kept from before
	double ms = 0;

	// Of a refusal: case, place, expected, got, path.
	std::string reason() const;
	std::string hint() const;
};

struct CanaryInput {
	const Generation& target;       // placed
	const Generation* running;      // null: nothing runs yet
	std::vector<std::string> ports; // labels by index
	Scratch::DeviceParams devices;
	const CanaryFile* file; // may be null
	ScratchPins pins;
};

// Error: the scratch copy could not be made; a program that the verifier refuses,
// for example.
Result<CanaryReport> run_canaries(const CanaryInput& input);

} // namespace nfup::upgrade
