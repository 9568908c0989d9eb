package dev.strata.sandbox;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What this process may do, and so what a container of it can have.
 *
 * @param capabilities names of those that this process holds, {@code CAP_CHOWN}, in the kernel's order
 * @param userNamespace whether this process is in a user namespace, where a fresh sysfs and devices cannot be made
 * @param filters whether the kernel can filter system calls
 * @param pivotRoot whether the root can be changed by pivot_root; a runtime's default filter in a pod forbids it
 */
record Place(List<String> capabilities, boolean userNamespace, boolean filters, boolean pivotRoot) {
    private static final List<String> NAMES = List.of(
            "CHOWN",
            "DAC_OVERRIDE",
            "DAC_READ_SEARCH",
            "FOWNER",
            "FSETID",
            "KILL",
            "SETGID",
            "SETUID",
            "SETPCAP",
            "LINUX_IMMUTABLE",
            "NET_BIND_SERVICE",
            "NET_BROADCAST",
            "NET_ADMIN",
            "NET_RAW",
            "IPC_LOCK",
            "IPC_OWNER",
            "SYS_MODULE",
            "SYS_RAWIO",
            "SYS_CHROOT",
            "SYS_PTRACE",
            "SYS_PACCT",
            "SYS_ADMIN",
            "SYS_BOOT",
            "SYS_NICE",
            "SYS_RESOURCE",
            "SYS_TIME",
            "SYS_TTY_CONFIG",
            "MKNOD",
            "LEASE",
            "AUDIT_WRITE",
            "AUDIT_CONTROL",
            "SETFCAP",
            "MAC_OVERRIDE",
            "MAC_ADMIN",
            "SYSLOG",
            "WAKE_ALARM",
            "BLOCK_SUSPEND",
            "AUDIT_READ",
            "PERFMON",
            "BPF",
            "CHECKPOINT_RESTORE");

    Place {
        capabilities = List.copyOf(capabilities);
    }

    static Place here() throws IOException {
        boolean nested =
                !Files.readString(Path.of("/proc/self/uid_map")).strip().matches("0\\s+0\\s+4294967295");
        boolean filtered = false;
        long held = 0;
        for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
            if (line.startsWith("CapPrm:")) {
                held = Long.parseUnsignedLong(line.substring(7).strip(), 16);
            }
            if (line.startsWith("Seccomp:")) {
                filtered = !line.substring(8).strip().equals("0");
            }
        }
        List<String> names = new ArrayList<>();
        for (int bit = 0; bit < NAMES.size(); bit++) {
            if ((held >> bit & 1) == 1) {
                names.add("CAP_" + NAMES.get(bit));
            }
        }
        return new Place(names, nested, Seccomp.isThere(), !filtered);
    }
}
