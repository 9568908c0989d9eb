package dev.strata.sandbox;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What builds run most works under the filter of system calls: this machine's own programs, in a root that shows its /usr. */
@Tag("root")
@Timeout(300)
final class ProgramsTest {
    @TempDir
    Path folder;

    private Path root;

    @BeforeEach
    void prepare() throws IOException {
        root = Files.createDirectory(folder.resolve("root"));
        for (String name : List.of("bin", "sbin", "lib", "lib64")) {
            Files.createSymbolicLink(root.resolve(name), Path.of("usr", name));
        }
        for (String name : List.of("usr", "etc", "work", "tmp", "root")) {
            Files.createDirectory(root.resolve(name));
        }
        Program.run(List.of("chmod", "1777", root.resolve("tmp").toString()));
    }

    private List<String> run(long user, String script) throws Exception {
        List<String> lines = new ArrayList<>();
        Program.run(List.of("chown", Long.toString(user), root.resolve("work").toString()));
        RunCommand command = new RunCommand(
                root,
                List.of("/bin/sh", "-e", "-c", script),
                new LinkedHashMap<>(
                        Map.of("PATH", "/usr/sbin:/usr/bin:/sbin:/bin", "HOME", "/work", "LC_ALL", "C.UTF-8")),
                "/work",
                user,
                user,
                List.of(),
                List.of(new MountPoint.Bind(Path.of("/usr"), "/usr", true)),
                false,
                List.of(),
                false);
        Exit exit = OciRuntime.find(folder.resolve("runtime")).run(command, lines::add);
        assertThat(exit.code()).as(String.join("\n", lines)).isZero();
        return lines;
    }

    private static void needs(String... programs) {
        for (String program : programs) {
            assumeTrue(Files.exists(Path.of("/usr/bin", program)), "there is no /usr/bin/" + program);
        }
    }

    @Test
    void aCompilerBuildsAProgramWithThreadsAndItRuns() throws Exception {
        needs("gcc", "make");
        Files.writeString(root.resolve("work/main.c"), """
                #define _GNU_SOURCE
                #include <pthread.h>
                #include <sched.h>
                #include <stdatomic.h>
                #include <stdio.h>
                #include <sys/mman.h>
                #include <sys/random.h>
                #include <sys/wait.h>
                #include <unistd.h>
                static atomic_int sum;
                static void *add(void *n) { atomic_fetch_add(&sum, (int)(long)n); return 0; }
                int main(void) {
                  pthread_t threads[8];
                  for (long i = 0; i < 8; i++) pthread_create(&threads[i], 0, add, (void *)i);
                  for (int i = 0; i < 8; i++) pthread_join(threads[i], 0);
                  char byte; cpu_set_t cpus;
                  if (getrandom(&byte, 1, 0) != 1 || sched_getaffinity(0, sizeof cpus, &cpus)) return 2;
                  if (mmap(0, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED) return 3;
                  int status; pid_t child = vfork();
                  if (child == 0) _exit(7);
                  waitpid(child, &status, 0);
                  printf("%d %d\\n", sum, WEXITSTATUS(status));
                  return 0;
                }
                """);
        Files.writeString(root.resolve("work/Makefile"), "all: main\nmain: main.c\n\tgcc -O2 -pthread -o $@ $<\n");
        for (long user : new long[] {0, 1000}) {
            assertThat(run(user, "rm -f main; make -s -j4 && ./main")).containsExactly("28 7");
        }
    }

    @Test
    void pythonRunsProcessesThreadsSocketsAndDatabases() throws Exception {
        needs("python3");
        Files.writeString(root.resolve("work/main.py"), """
                import asyncio, concurrent.futures, hashlib, multiprocessing, os, socket, sqlite3, subprocess, tempfile
                def square(n): return n * n
                async def echo():
                    async def serve(reader, writer):
                        writer.write(await reader.readline()); await writer.drain(); writer.close()
                    server = await asyncio.start_server(serve, '127.0.0.1', 0)
                    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
                    writer.write(b'hello\\n'); await writer.drain()
                    return (await reader.readline()).decode().strip()
                if __name__ == '__main__':
                    with concurrent.futures.ProcessPoolExecutor(2, mp_context=multiprocessing.get_context('spawn')) as pool:
                        print(sum(pool.map(square, range(5))))
                    with multiprocessing.Pool(2) as pool: print(sum(pool.map(square, range(5))))
                    print(asyncio.run(echo()))
                    base = sqlite3.connect('/work/base.db'); base.execute('create table t (n)'); base.execute('insert into t values (7)'); base.commit()
                    print(base.execute('select n from t').fetchone()[0])
                    print(subprocess.run(['sh', '-c', 'echo child'], capture_output=True, text=True).stdout.strip())
                    with tempfile.NamedTemporaryFile() as file: os.setxattr(file.name, 'user.x', b'y') if hasattr(os, 'setxattr') else None
                """);
        for (long user : new long[] {0, 1000}) {
            Files.deleteIfExists(root.resolve("work/base.db"));
            assertThat(run(user, "python3 main.py")).containsExactly("30", "30", "hello", "7", "child");
        }
    }

    @Test
    void gitAndTarAndPackagesWork() throws Exception {
        needs("git", "tar", "xz", "dpkg-deb", "dpkg");
        String script = """
                git init -q repository && cd repository && echo x >file && git add file
                git -c user.name=n -c user.email=e commit -q -m one && git log --format=%s
                cd .. && tar -cJf all.tar.xz repository && mkdir out && tar -xJf all.tar.xz -C out && cat out/repository/file
                mkdir -p package/DEBIAN package/opt && echo installed >package/opt/thing
                printf 'Package: thing\\nVersion: 1\\nArchitecture: all\\nMaintainer: nobody\\nDescription: thing\\n' >package/DEBIAN/control
                printf '#!/bin/sh\\necho configured\\n' >package/DEBIAN/postinst && chmod 755 package/DEBIAN/postinst
                dpkg-deb --build package thing.deb >/dev/null
                mkdir -p /var/lib/dpkg/updates /var/lib/dpkg/info && touch /var/lib/dpkg/status
                dpkg --install thing.deb && cat /opt/thing
                """;
        Files.createDirectories(root.resolve("var/log"));
        assertThat(run(0, script)).contains("one", "x", "configured", "installed");
    }
}
