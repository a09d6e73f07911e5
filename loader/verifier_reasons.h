// SPDX-License-Identifier: BSD-2-Clause
// The verifier's words for what it cannot prove → plain words, and what usually
// mends it in a class. The words are those of kernel/bpf/verifier.c from 6.1 to 6.18.
#pragma once

#include <string>

namespace nfup::loader {

struct Explanation {
	std::string reason;
	std::string mend; // empty when the verifier's words are not known
};

// `said`: the messages behind the last instruction of the log.
Explanation explain(const std::string& said);

} // namespace nfup::loader
