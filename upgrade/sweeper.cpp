// SPDX-License-Identifier: BSD-2-Clause
#include "sweeper.h"

#include "loader/program.h"

namespace nfup::upgrade {

Result<statemaps::Swept> run_sweeper(const std::string& object, const statemaps::Table& old, int fresh,
				     const std::function<Result<void>()>& settled,
				     const statemaps::SweepProgress& progress)
{
	auto maps = loader::create_maps(object, {"keys", "sweep"});
	if (!maps)
		return pass(maps);
	auto program = loader::load_program({object,
					     "nfup_sweep",
					     "the sweeper of " + old.atom,
					     {},
					     {{old.atom + "__from", old.fd},
					      {old.atom + "__to", fresh},
					      {"keys", maps->at("keys").get()},
					      {"sweep", maps->at("sweep").get()}}});
	if (!program)
		return pass(program);
	return statemaps::sweep({program->get(), maps->at("keys").get(), maps->at("sweep").get()}, old, settled,
				progress);
}

} // namespace nfup::upgrade
