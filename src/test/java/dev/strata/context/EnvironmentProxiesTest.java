package dev.strata.context;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.InetSocketAddress;
import java.net.Proxy;
import java.net.URI;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class EnvironmentProxiesTest {
    private static final Map<String, String> VARIABLES = Map.of(
            "http_proxy", "http://plain:3128",
            "HTTP_PROXY", "http://never:1",
            "HTTPS_PROXY", "secure:8080",
            "NO_PROXY", "localhost, .corp.example,10.0.0.1");

    @ParameterizedTest
    @CsvSource({
        "http://host/f, plain:3128",
        "https://host/f, secure:8080",
        "http://localhost:5000/f, direct",
        "http://a.corp.example/f, direct",
        "http://corp.example/f, direct",
        "http://notcorp.example/f, plain:3128",
        "https://10.0.0.1/f, direct"
    })
    void theEnvironmentNamesTheProxy(String address, String wanted) {
        Proxy proxy = new EnvironmentProxies(VARIABLES::get)
                .select(URI.create(address))
                .getFirst();
        String got =
                proxy.address() instanceof InetSocketAddress at ? at.getHostString() + ":" + at.getPort() : "direct";
        assertThat(got).isEqualTo(wanted);
    }
}
