/**
 * A self-signed certificate for `registry.test`, `localhost` and 127.0.0.1, good until 2126. The key is public by being
 * here; nothing but tests may trust it. Made with `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes
 * -days 36500 -subj /CN=dhow-test -addext 'subjectAltName=DNS:registry.test,DNS:localhost,IP:127.0.0.1'`.
 */
export const testCertificate = `-----BEGIN CERTIFICATE-----
MIIBqTCCAVCgAwIBAgIUWEhvoezR2SicfeC9tqAP74hgLvAwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJZGhvdy10ZXN0MCAXDTI2MTEyNDA4NDM0OVoYDzIxMjYxMDMx
MDg0MzQ5WjAUMRIwEAYDVQQDDAlkaG93LXRlc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQSaqXrDDBnh9NslfQJCRdmrVw2vLz9gmRvij4O+aueNuM9iDUPRHdf
wv6muxOEvmW1b31WcJ+V7nI/WV4eEYdwo34wfDAdBgNVHQ4EFgQUGWQZ3nqpivAT
1uQA5Hv+1xeDiCgwHwYDVR0jBBgwFoAUGWQZ3nqpivAT1uQA5Hv+1xeDiCgwDwYD
VR0TAQH/BAUwAwEB/zApBgNVHREEIjAggg1yZWdpc3RyeS50ZXN0gglsb2NhbGhv
c3SHBH8AAAEwCgYIKoZIzj0EAwIDRwAwRAIgaYclHxU8tZjqgxZeEKEcfqXgaBP7
kiD59WMzA+9CPqkCIGUTh6Ep7H055WuFDmr3E7P8UuXAyZB0TqJdi7LfchRu
-----END CERTIFICATE-----
`;

export const testKey = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgjBON6zUKSbuyyEg9
tAYVWbd6NYjmD35ZdBsyQiTmdfKhRANCAAQSaqXrDDBnh9NslfQJCRdmrVw2vLz9
gmRvij4O+aueNuM9iDUPRHdfwv6muxOEvmW1b31WcJ+V7nI/WV4eEYdw
-----END PRIVATE KEY-----
`;
