// SPDX-License-Identifier: BSD-2-Clause
#include "result.h"

#include <cstring>

namespace nfup {

std::unexpected<Error> fail_errno(int err, std::string message, std::string hint)
{
	char buffer[128];
	message += ": ";
	message += strerror_r(err, buffer, sizeof buffer); // GNU: returns the text
	return std::unexpected(Error{ErrorKind::system, std::move(message), std::move(hint)});
}

} // namespace nfup
