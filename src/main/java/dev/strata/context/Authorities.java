package dev.strata.context;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Optional;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/** Certificate authorities to trust besides the system's. */
final class Authorities {
    private Authorities() {}

    /** Empty where no file adds any: then the system's way is the best. */
    static Optional<SSLContext> trust(@Nullable Path... files) throws IOException {
        if (Arrays.stream(files).allMatch(file -> file == null)) {
            return Optional.empty();
        }
        try {
            KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
            store.load(null, null);
            int count = 0;
            for (X509Certificate known : system()) {
                store.setCertificateEntry("authority" + count++, known);
            }
            for (Path file : files) {
                if (file != null) {
                    for (Certificate added : read(file)) {
                        store.setCertificateEntry("authority" + count++, added);
                    }
                }
            }
            SSLContext context = SSLContext.getInstance("TLS");
            context.init(null, managers(store), null);
            return Optional.of(context);
        } catch (GeneralSecurityException e) {
            throw new IOException("the certificate authorities cannot be used: " + e.getMessage(), e);
        }
    }

    private static X509Certificate[] system() throws GeneralSecurityException {
        for (TrustManager manager : managers(null)) {
            if (manager instanceof X509TrustManager trust) {
                return trust.getAcceptedIssuers();
            }
        }
        return new X509Certificate[0];
    }

    private static TrustManager[] managers(@Nullable KeyStore store) throws GeneralSecurityException {
        TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        factory.init(store);
        return factory.getTrustManagers();
    }

    private static Iterable<? extends Certificate> read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file)) {
            return CertificateFactory.getInstance("X.509").generateCertificates(in);
        } catch (GeneralSecurityException e) {
            throw ContextException.user(
                    "the authorities are not certificates in PEM: " + e.getMessage(),
                    file.toString(),
                    "Put PEM blocks that begin with -----BEGIN CERTIFICATE----- into it");
        }
    }
}
