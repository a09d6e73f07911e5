// SPDX-License-Identifier: BSD-2-Clause
// The one error convention: every fallible function returns Result<T>. An
// Error says what failed, on what, and what to do; its kind is the exit code.
#pragma once

#include <expected>
#include <memory>
#include <string>
#include <utility>

namespace nfup {

enum class ErrorKind {
	intent = 1,  // the intent or the arguments are wrong
	system = 2,  // kernel, permissions, device: the system said no
	refused = 3, // an upgrade refused or rolled back
};

struct VerifierRefusal; // loader/verifier_log.h

struct Error {
	ErrorKind kind = ErrorKind::system;
	std::string message; // what happened, to what, and the system's reason
	std::string hint;    // what to do about it; may be empty
	// Set when the kernel's verifier refused a program.
	std::shared_ptr<const VerifierRefusal> verifier = {};
};

template <class T> using Result = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorKind kind, std::string message, std::string hint = {})
{
	return std::unexpected(Error{kind, std::move(message), std::move(hint), {}});
}

// "MESSAGE: strerror(err)", of kind system. `err` is a positive errno.
std::unexpected<Error> fail_errno(int err, std::string message, std::string hint = {});

// Hand an error up, in the style of `if (!r) return pass(r);`.
template <class T> std::unexpected<Error> pass(Result<T>& r)
{
	return std::unexpected(std::move(r.error()));
}

} // namespace nfup
