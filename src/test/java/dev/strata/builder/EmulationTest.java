package dev.strata.builder;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.image.Platform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class EmulationTest {
    @TempDir
    Path handlers;

    private Emulation emulation;

    @BeforeEach
    void prepare() throws IOException {
        emulation = new Emulation(Platform.parse("linux/amd64"), handlers);
        Files.writeString(handlers.resolve("status"), "enabled\n");
    }

    private boolean runs(String platform) {
        return emulation.runs(Platform.parse(platform));
    }

    /** As the kernel shows a handler of qemu's. */
    private void register(String name, String state, String flags, String machine) throws IOException {
        Files.writeString(
                handlers.resolve(name),
                "%s\ninterpreter /usr/bin/%s\nflags: %s\noffset 0\nmagic 7f454c4602010100000000000000000002%s\nmask ffffffffffffff00fffffffffffffffffeffffff\n"
                        .formatted(state, name, flags, "00" + machine));
    }

    @Test
    void aMachineRunsItsOwnProgramsAndTheirSmallerKin() {
        assertThat(runs("linux/amd64")).isTrue();
        assertThat(runs("linux/386")).isTrue();
        assertThat(runs("linux/arm64")).isFalse();
        assertThat(runs("windows/amd64")).isFalse();
    }

    @Test
    void anEmulatorThatIsOpenRunsThoseOfItsMachineWhateverItsName() throws IOException {
        register("box", "enabled", "POCF", "b700");
        assertThat(runs("linux/arm64")).isTrue();
        assertThat(runs("linux/riscv64")).isFalse();
    }

    @Test
    void anEmulatorThatIsSwitchedOffOrNotOpenIsNone() throws IOException {
        register("qemu-aarch64", "disabled", "F", "b700");
        register("qemu-riscv64", "enabled", "OC", "f300");
        assertThat(runs("linux/arm64")).isFalse();
        assertThat(runs("linux/riscv64")).isFalse();
    }

    @Test
    void withoutHandlersNothingIsEmulated() {
        emulation = new Emulation(Platform.parse("linux/amd64"), handlers.resolve("not/there"));
        assertThat(runs("linux/arm64")).isFalse();
    }
}
