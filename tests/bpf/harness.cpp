// SPDX-License-Identifier: BSD-2-Clause
#include "harness.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <linux/bpf.h>
#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>

namespace nfup::test {

namespace {

const char* const reason_names[] = {
#define X(symbol, name, meaning) name,
	NFUP_DROP_REASONS(X)
#undef X
};

std::string& libbpf_log()
{
	static std::string log;
	return log;
}

int keep_log(enum libbpf_print_level, const char* format, va_list args)
{
	char line[4096];
	std::vsnprintf(line, sizeof line, format, args);
	libbpf_log() += line;
	return 0;
}

// Per-CPU values lie 8-byte aligned, one per possible CPU.
std::size_t cpus() { return static_cast<std::size_t>(libbpf_num_possible_cpus()); }

void set_rodata(bpf_object* object, const std::string& cls, const std::map<std::string, Bytes>& values)
{
	bpf_map* rodata = bpf_object__find_map_by_name(object, ".rodata");
	const btf* types = bpf_object__btf(object);
	std::size_t size = 0;
	auto* data = static_cast<std::uint8_t*>(
		const_cast<void*>(static_cast<const void*>(bpf_map__initial_value(rodata, &size))));
	const btf_type* section =
		btf__type_by_id(types, static_cast<__u32>(btf__find_by_name_kind(types, ".rodata", BTF_KIND_DATASEC)));
	const btf_var_secinfo* variables = btf_var_secinfos(section);

	for (const auto& [name, value] : values) {
		bool found = false;
		for (int i = 0; i < btf_vlen(section); i++) {
			const btf_type* variable = btf__type_by_id(types, variables[i].type);
			if (name != btf__name_by_offset(types, variable->name_off))
				continue;
			ASSERT_EQ(variables[i].size, value.size()) << cls << " " << name;
			std::copy(value.begin(), value.end(), data + variables[i].offset);
			found = true;
		}
		ASSERT_TRUE(found) << cls << " has no " << name;
	}
}

} // namespace

Fd::~Fd()
{
	if (fd_ >= 0)
		close(fd_);
}

std::ostream& operator<<(std::ostream& os, const Outcome& o)
{
	os << "verdict " << o.verdict;
	if (o.output)
		os << " (output " << *o.output << ")";
	for (const auto& [reason, count] : o.drops)
		os << ", " << reason << " " << count;
	return os << ", " << o.frame.size() << " bytes";
}

std::string object_path(const std::string& cls) { return std::string(NFUP_BPF_OBJECTS) + "/" + cls + ".o"; }

std::vector<std::string> classes()
{
	std::vector<std::string> names;
	for (const auto& entry : std::filesystem::directory_iterator(NFUP_BPF_OBJECTS)) {
		std::string name = entry.path().stem();
		if (entry.path().extension() == ".o" && name != "ingress" && name != "root")
			names.push_back(name);
	}
	std::sort(names.begin(), names.end());
	return names;
}

Fd exit_program(unsigned verdict)
{
	const bpf_insn code[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = static_cast<__s32>(verdict)},
		{.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0},
	};
	LIBBPF_OPTS(bpf_prog_load_opts, options, .expected_attach_type = BPF_XDP);
	return Fd(bpf_prog_load(BPF_PROG_TYPE_XDP, "exit", "GPL", code, 2, &options));
}

void NodeTest::SetUp()
{
	if (geteuid() != 0)
		GTEST_SKIP() << "needs root: it loads BPF programs";
	libbpf_set_print(keep_log);
	libbpf_set_strict_mode(LIBBPF_STRICT_ALL);

	// The context is per CPU: stay on one.
	cpu_set_t first;
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	sched_setaffinity(0, sizeof first, &first);

	slots_ = Fd(bpf_map_create(BPF_MAP_TYPE_PROG_ARRAY, "slots", 4, 4, NFUP_MAX_SLOTS, nullptr));
	if (slots_.get() < 0 && (errno == EPERM || errno == ENOSYS))
		GTEST_SKIP() << "no bpf(2) here: " << std::strerror(errno);
	ASSERT_GE(slots_.get(), 0) << std::strerror(errno);
	contexts_ = Fd(bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "pkt", 4, sizeof(pkt), 1, nullptr));
	counters_ = Fd(bpf_map_create(BPF_MAP_TYPE_PERCPU_ARRAY, "counters", 4, sizeof(node_counters),
				      NFUP_MAX_COUNTERS, nullptr));
	ports_ = Fd(bpf_map_create(BPF_MAP_TYPE_DEVMAP, "ports", 4, 4, NFUP_MAX_PORTS, nullptr));
	ASSERT_TRUE(contexts_.get() >= 0 && counters_.get() >= 0 && ports_.get() >= 0) << std::strerror(errno);
	for (unsigned i = 0; i < NFUP_MAX_OUTPUTS; i++) {
		exits_.push_back(exit_program(1000 + i));
		put(first_exit_slot + i, exits_.back().get());
	}
}

Object NodeTest::load(const std::string& cls, const Params& params, std::vector<unsigned> out)
{
	Object node;
	Params all = params;
	std::array<std::uint32_t, NFUP_MAX_OUTPUTS> slots_of_outputs;
	bpf_map* map;

	libbpf_log().clear();
	node.object.reset(bpf_object__open_file(object_path(cls).c_str(), nullptr));
	if (!node.object) {
		ADD_FAILURE() << object_path(cls) << ": " << libbpf_log();
		return node;
	}
	for (unsigned i = 0; i < NFUP_MAX_OUTPUTS; i++)
		slots_of_outputs[i] = i < out.size() ? out[i] : first_exit_slot + i;
	node.node = next_node_++;
	all.set("nfup_out", slots_of_outputs).set("nfup_node", node.node);
	set_rodata(node.object.get(), cls, all.values());

	bpf_object__for_each_map(map, node.object.get())
	{
		std::string name = bpf_map__name(map);
		if (bpf_map__is_internal(map))
			continue;
		const std::map<std::string, int> framework{
			{"slots", slots_.get()},
			{"pkt", contexts_.get()},
			{"counters", counters_.get()},
			{"ports", ports_.get()},
		};
		auto it = framework.find(name);
		if (it == framework.end() && !states_.contains(name))
			states_[name] = Fd(bpf_map_create(bpf_map__type(map), name.c_str(), bpf_map__key_size(map),
							  bpf_map__value_size(map), bpf_map__max_entries(map),
							  nullptr));
		EXPECT_EQ(bpf_map__reuse_fd(map, it == framework.end() ? states_[name].get() : it->second), 0) << name;
	}
	if (bpf_object__load(node.object.get())) {
		ADD_FAILURE() << cls << " does not load: " << libbpf_log();
		return node;
	}
	node.program = bpf_program__fd(bpf_object__next_program(node.object.get(), nullptr));
	return node;
}

void NodeTest::put(unsigned slot, int program)
{
	ASSERT_EQ(bpf_map_update_elem(slots_.get(), &slot, &program, BPF_ANY), 0) << std::strerror(errno);
}

void NodeTest::clear(unsigned slot) { bpf_map_delete_elem(slots_.get(), &slot); }

node_counters NodeTest::read_counters(unsigned node) const
{
	std::vector<node_counters> per_cpu(cpus());
	node_counters sum{};

	EXPECT_EQ(bpf_map_lookup_elem(counters_.get(), &node, per_cpu.data()), 0);
	for (const auto& c : per_cpu) {
		sum.packets += c.packets;
		sum.bytes += c.bytes;
		for (int i = 0; i < NFUP_MAX_REASONS; i++)
			sum.drops[i] += c.drops[i];
	}
	return sum;
}

std::map<std::string, std::uint64_t> NodeTest::drops(const Object& node) const
{
	std::map<std::string, std::uint64_t> drops;
	node_counters sum = read_counters(node.node);
	for (int i = 0; i < NFUP_DROP_COUNT; i++)
		if (sum.drops[i])
			drops[reason_names[i]] = sum.drops[i];
	return drops;
}

Outcome NodeTest::run(const Object& node, const Bytes& frame, const pkt& context)
{
	Outcome outcome;
	Bytes out(frame.size() + 512);
	std::vector<pkt> contexts(cpus(), context);
	std::uint32_t zero = 0;
	node_counters before = read_counters(node.node), after;
	auto drops_before = drops(node);

	EXPECT_EQ(bpf_map_update_elem(contexts_.get(), &zero, contexts.data(), BPF_ANY), 0);
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame.data(), .data_out = out.data(),
		    .data_size_in = static_cast<__u32>(frame.size()), .data_size_out = static_cast<__u32>(out.size()));
	if (int error = bpf_prog_test_run_opts(node.program, &options)) {
		ADD_FAILURE() << "test run of " << frame.size() << " bytes: " << std::strerror(-error);
		return outcome;
	}
	outcome.verdict = options.retval;
	if (outcome.verdict >= 1000 && outcome.verdict < 1000 + NFUP_MAX_OUTPUTS)
		outcome.output = static_cast<int>(outcome.verdict - 1000);
	out.resize(options.data_size_out);
	outcome.frame = std::move(out);
	EXPECT_EQ(bpf_map_lookup_elem(contexts_.get(), &zero, contexts.data()), 0);
	outcome.context = contexts[0];

	after = read_counters(node.node);
	outcome.packets = after.packets - before.packets;
	outcome.bytes = after.bytes - before.bytes;
	for (const auto& [reason, count] : drops(node))
		if (count != drops_before[reason])
			outcome.drops[reason] = count - drops_before[reason];
	EXPECT_EQ(outcome.packets, 1u);
	EXPECT_EQ(outcome.bytes, frame.size());
	return outcome;
}

testing::AssertionResult left(const Outcome& outcome, int output, const Bytes& frame)
{
	if (outcome.output != output)
		return testing::AssertionFailure() << "not by output " << output << ": " << outcome;
	if (outcome.frame != frame)
		return testing::AssertionFailure() << "the frame was changed";
	if (!outcome.drops.empty())
		return testing::AssertionFailure() << "counted as dropped: " << outcome;
	return testing::AssertionSuccess();
}

testing::AssertionResult dropped(const Outcome& outcome, const std::string& reason)
{
	if (outcome.verdict != XDP_DROP)
		return testing::AssertionFailure() << "not dropped: " << outcome;
	if (outcome.drops != std::map<std::string, std::uint64_t>{{reason, 1}})
		return testing::AssertionFailure() << "not counted as " << reason << ": " << outcome;
	return testing::AssertionSuccess();
}

} // namespace nfup::test
