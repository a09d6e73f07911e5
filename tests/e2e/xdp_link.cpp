// SPDX-License-Identifier: BSD-2-Clause
// Attaches an XDP program through a bpf_link that lives as long as this process.
//
//	xdp_link OBJECT PROGRAM DEVICE
//
// Prints the program's id once it is attached; ends with its standard input.
#include "netns.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <cstdio>
#include <net/if.h>
#include <unistd.h>

int main(int argc, char** argv)
{
	if (argc != 4)
		e2e::die("usage: xdp_link OBJECT PROGRAM DEVICE");
	bpf_object* object = bpf_object__open_file(argv[1], nullptr);
	bpf_program* program = object ? bpf_object__find_program_by_name(object, argv[2]) : nullptr;
	if (!program || bpf_object__load(object) != 0)
		e2e::die("cannot load it");
	if (!bpf_program__attach_xdp(program, static_cast<int>(if_nametoindex(argv[3]))))
		e2e::die("cannot attach it");
	bpf_prog_info info{};
	__u32 length = sizeof info;
	if (bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &length) != 0)
		e2e::die("cannot look at it");
	printf("%u\n", info.id);
	fflush(stdout);
	char byte;
	while (read(STDIN_FILENO, &byte, 1) > 0) {
	}
	return 0;
}
