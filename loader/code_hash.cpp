// SPDX-License-Identifier: BSD-2-Clause
#include "code_hash.h"

#include <cerrno>
#include <fcntl.h>
#include <gelf.h>
#include <libelf.h>
#include <memory>

#include "fd.h"
#include "intent/hash.h"

namespace nfup::loader {

Result<std::string> code_hash(const std::filesystem::path& path)
{
	elf_version(EV_CURRENT);
	Fd fd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
	if (!fd)
		return fail_errno(errno, "cannot read " + path.string());
	std::unique_ptr<Elf, int (*)(Elf*)> elf(elf_begin(fd.get(), ELF_C_READ_MMAP, nullptr), elf_end);
	std::size_t names = 0;
	if (!elf || elf_getshdrstrndx(elf.get(), &names) != 0)
		return fail(ErrorKind::system, path.string() + " is not an ELF object", "remove it: it is made anew");

	Hasher hasher;
	for (Elf_Scn* section = nullptr; (section = elf_nextscn(elf.get(), section)) != nullptr;) {
		GElf_Shdr header;
		if (!gelf_getshdr(section, &header))
			continue;
		const std::string name = elf_strptr(elf.get(), names, header.sh_name);
		const bool code = header.sh_type == SHT_PROGBITS && (header.sh_flags & SHF_ALLOC) && header.sh_size > 0;
		const bool relocations = header.sh_type == SHT_REL && name.find("BTF") == std::string::npos &&
					 name.find("debug") == std::string::npos;
		if (!code && !relocations)
			continue;
		hasher.add(name);
		const Elf_Data* data = elf_getdata(section, nullptr);
		if (!data || !data->d_buf)
			continue;
		if (code) {
			hasher.add(std::string_view(static_cast<const char*>(data->d_buf), data->d_size));
			continue;
		}
		// By symbol name: the symbol's index moves when debug information does.
		Elf_Scn* table = elf_getscn(elf.get(), header.sh_link);
		GElf_Shdr table_header;
		const Elf_Data* symbols = elf_getdata(table, nullptr);
		if (!symbols || !gelf_getshdr(table, &table_header))
			continue;
		for (std::size_t i = 0; i < header.sh_size / header.sh_entsize; i++) {
			GElf_Rel relocation;
			GElf_Sym symbol;
			if (!gelf_getrel(const_cast<Elf_Data*>(data), static_cast<int>(i), &relocation) ||
			    !gelf_getsym(const_cast<Elf_Data*>(symbols),
					 static_cast<int>(GELF_R_SYM(relocation.r_info)), &symbol))
				continue;
			hasher.add(relocation.r_offset)
			    .add(elf_strptr(elf.get(), table_header.sh_link, symbol.st_name));
		}
	}
	return hasher.hex();
}

} // namespace nfup::loader
