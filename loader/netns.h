// SPDX-License-Identifier: BSD-2-Clause
// A visit to a named network namespace with setns(2). Never `ip netns exec`: it
// mounts its own /sys and hides bpffs.
#pragma once

#include <string>

#include "fd.h"
#include "intent/result.h"

namespace nfup::loader {

// The calling thread is inside while this lives. An empty name is a no-op.
class NetnsVisit {
public:
	static Result<NetnsVisit> enter(const std::string& name);
	NetnsVisit(NetnsVisit&&) = default;
	NetnsVisit& operator=(NetnsVisit&&) = delete;
	~NetnsVisit();

private:
	explicit NetnsVisit(Fd home) : home_(std::move(home)) {}
	Fd home_;
};

} // namespace nfup::loader
