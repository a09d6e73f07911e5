// SPDX-License-Identifier: BSD-2-Clause
#include "dispatcher.h"

#include <algorithm>
#include <array>
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <cerrno>
#include <memory>
#include <span>
#include <string>
#include <unistd.h>
#include <vector>

#include "fd.h"
#include "guest_probe.h"

namespace nfup::loader {

namespace {

constexpr bpf_insn set_r0(int value)
{
	return {.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0, .src_reg = 0, .off = 0, .imm = value};
}
constexpr bpf_insn leave{.code = BPF_JMP | BPF_EXIT, .dst_reg = 0, .src_reg = 0, .off = 0, .imm = 0};

// int (*)(struct xdp_md *), and two functions of that type.
struct Types {
	Fd fd;
	__u32 dispatcher = 0, component = 0; // ids
};
Result<Types> load_types()
{
	const std::unique_ptr<btf, decltype(&btf__free)> types(btf__new_empty(), btf__free);
	if (!types)
		return fail_errno(errno, "cannot make BTF");
	const int number = btf__add_int(types.get(), "int", 4, BTF_INT_SIGNED);
	const int context = btf__add_ptr(types.get(), btf__add_struct(types.get(), "xdp_md", 24));
	const int type = btf__add_func_proto(types.get(), number);
	btf__add_func_param(types.get(), "ctx", context);
	const int dispatcher = btf__add_func(types.get(), "nfup_dispatcher", BTF_FUNC_GLOBAL, type);
	const int component = btf__add_func(types.get(), "nfup_component", BTF_FUNC_GLOBAL, type);
	if (const int error = btf__load_into_kernel(types.get()); error != 0 || component < 0)
		return fail_errno(error ? -error : EINVAL, "cannot load BTF", "run as root");
	Fd fd(dup(btf__fd(types.get())));
	return Types{std::move(fd), static_cast<__u32>(dispatcher), static_cast<__u32>(component)};
}

struct Loaded {
	Fd fd;
	int error = 0;
	std::string log;
};
Loaded load(bpf_prog_type type, std::span<const bpf_insn> code, std::span<const bpf_func_info> functions,
	    const Types& types, int target)
{
	std::string log(65536, '\0');
	LIBBPF_OPTS(bpf_prog_load_opts, options, .prog_btf_fd = static_cast<__u32>(types.fd.get()),
		    .func_info = functions.data(), .func_info_cnt = static_cast<__u32>(functions.size()),
		    .func_info_rec_size = sizeof(bpf_func_info), .log_level = 1,
		    .log_size = static_cast<__u32>(log.size()), .log_buf = log.data());
	if (target >= 0) {
		options.attach_prog_fd = static_cast<__u32>(target);
		options.attach_btf_id = types.component;
	} else {
		options.expected_attach_type = BPF_XDP;
	}
	Loaded loaded;
	loaded.fd = Fd(bpf_prog_load(type, "nfup_probe", "GPL", code.data(), code.size(), &options));
	loaded.error = loaded.fd ? 0 : errno;
	loaded.log = log.c_str();
	return loaded;
}

// The verifier's reason: its last line but the statistics.
std::string reason_of(const Loaded& refused)
{
	std::string reason;
	for (std::size_t begin = 0; begin < refused.log.size();) {
		const std::size_t end = std::min(refused.log.find('\n', begin), refused.log.size());
		const std::string line = refused.log.substr(begin, end - begin);
		if (!line.empty() && !line.starts_with("processed") && !line.starts_with("verification time"))
			reason = line;
		begin = end + 1;
	}
	return reason;
}

} // namespace

Result<void> probe_dispatcher()
{
	auto types = load_types();
	if (!types)
		return pass(types);
	const std::array dispatcher = {
	    bpf_insn{.code = BPF_JMP | BPF_CALL, .dst_reg = 0, .src_reg = BPF_PSEUDO_CALL, .off = 0, .imm = 1}, leave,
	    set_r0(XDP_PASS), leave};
	const std::array functions = {bpf_func_info{0, types->dispatcher}, bpf_func_info{2, types->component}};
	const Loaded target = load(BPF_PROG_TYPE_XDP, dispatcher, functions, *types, -1);
	if (!target.fd)
		return fail_errno(target.error, "the kernel does not load a dispatcher: " + reason_of(target),
				  "run as root");
	const std::array component_function = {bpf_func_info{0, types->component}};
	const std::array plain = {set_r0(XDP_PASS), leave};
	const Loaded component = load(BPF_PROG_TYPE_EXT, plain, component_function, *types, target.fd.get());
	if (!component.fd)
		return fail_errno(component.error,
				  "this kernel refuses freplace programs (type EXT)" +
				      (reason_of(component).empty() ? "" : ": " + reason_of(component)));
	auto pair = make_xdp_pair(BPF_XDP, 0);
	if (!pair)
		return pass(pair);
	const Loaded caller =
	    load(BPF_PROG_TYPE_EXT, tail_call_into(pair->array.get()), component_function, *types, target.fd.get());
	if (!caller.fd)
		return fail_errno(caller.error,
				  "this kernel refuses freplace programs that tail-call XDP programs: " +
				      (reason_of(caller).empty() ? "no reason given" : reason_of(caller)));
	return {};
}

Error why_no_dispatcher()
{
	const auto probed = probe_dispatcher();
	return {ErrorKind::system,
		"--multi: nfup cannot be behind libxdp's dispatcher: " +
		    (probed ? "this kernel would let it, but nfup has no such attachment yet" : probed.error().message),
		"--then attached hosts the device's program behind the NF (docs/devices.md)"};
}

} // namespace nfup::loader
