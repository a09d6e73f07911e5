// SPDX-License-Identifier: BSD-2-Clause
#include "freeze.h"

#include <algorithm>

#include "bpf/contract.h"
#include "draft.h"
#include "loader/bpffs.h"
#include "loader/program.h"

namespace nfup::upgrade {

namespace {

Result<const GenerationNode*> root_of(const Generation& generation)
{
	const auto root = std::ranges::find(generation.nodes, "root", &GenerationNode::cls);
	if (root == generation.nodes.end())
		return fail(ErrorKind::system,
			    "the record of generation " + std::to_string(generation.number) + " has no root",
			    "forwarding goes on; detach and attach");
	return &*root;
}

} // namespace

Result<Fd> load_frozen_root(const Framework& framework, const Generation& generation)
{
	auto root = root_of(generation);
	if (!root)
		return pass(root);
	auto program = node_program(**root, generation, map_fds(framework, Fd(), {}));
	program.constants.push_back({"nfup_frozen", loader::bytes_of(std::uint8_t{1})});
	auto loaded = loader::load_program(program);
	if (!loaded && loaded.error().kind == ErrorKind::intent)
		return fail(ErrorKind::refused,
			    "generation " + std::to_string(generation.number) +
				" was made by an earlier nfup, and cannot be frozen",
			    "upgrade it once, to the same intent");
	return loaded;
}

Result<void> thaw(const Store& store, const Framework& framework, const Generation& generation)
{
	auto root = root_of(generation);
	if (!root)
		return pass(root);
	auto program = loader::open_pin(store.generation_pins(generation.number) / loader::pin_name((*root)->name));
	if (!program)
		return pass(program);
	return framework.write_slot(NFUP_ROOT_SLOT, program->get());
}

Result<void> thaw_running(const Store& store)
{
	auto generation = store.read_running();
	if (!generation)
		return pass(generation);
	auto framework = Framework::open(store);
	if (!framework)
		return pass(framework);
	return thaw(store, *framework, *generation);
}

Result<bool> thaw_sent(const Store& store)
{
	auto record = store.read_nf();
	if (!record)
		return pass(record);
	if (record->frozen.empty())
		return false;
	std::error_code error;
	if (std::filesystem::exists(store.pins() / "slots", error))
		if (auto thawed = thaw_running(store); !thawed)
			return pass(thawed);
	record->frozen.clear();
	if (auto written = store.write_nf(*record); !written)
		return pass(written);
	return true;
}

Result<void> check_not_frozen(const NfRecord& record)
{
	if (record.frozen.empty())
		return {};
	return fail(ErrorKind::refused, "'" + record.name + "' is frozen: " + record.frozen,
		    "nfup state thaw " + record.name + " lets it go on here; nfup detach " + record.name +
			" takes it down");
}

} // namespace nfup::upgrade
