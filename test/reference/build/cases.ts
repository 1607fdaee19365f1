/** A build that another builder must come to the same image with. */
export interface ReferenceCase {
  name: string;
  files: Record<string, string>;
  /** Made of `src` in the context. */
  archives?: string[];
  args?: string[];
  /** Why Docker's first builder cannot tell; Debian's buildah is asked alone. */
  notByDocker?: string;
  /** What buildah does otherwise; Docker's first builder is asked alone. */
  notByBuildah?: string;
}

const tree = {
  'src/a.txt': 'a\n',
  'src/deep/b.txt': 'b\n',
  'src/deep/link': '-> ../a.txt',
  'src/away': '-> /etc/passwd',
  'src/.hidden': 'h\n',
  'one.md': '1\n',
  'two.md': '2\n',
};

export const referenceCases: readonly ReferenceCase[] = [
  {
    name: 'settings of an image',
    files: {
      Dockerfile: `FROM busybox
LABEL a=1 "b c"="d e" \\
  f='g h'
ENV X=1 Y="two words" Z=\${X:-none}
ENV OLD style with  spaces
WORKDIR /srv/app
WORKDIR sub
USER 1000:100
EXPOSE 80 443/tcp 53/udp 8000-8002
VOLUME ["/data", "/more"]
STOPSIGNAL SIGQUIT
ENTRYPOINT ["/bin/sh", "-c"]
CMD ["echo $X"]
`,
    },
    notByBuildah: 'makes a working directory only for a command that runs in it',
  },
  {
    name: 'forms of commands and another shell',
    files: {
      Dockerfile: `FROM busybox
RUN echo one > /one && echo "$0" > /shell
RUN ["sh", "-c", "echo two > /two"]
SHELL ["/bin/sh", "-ec"]
RUN echo three > /three; false || true
CMD echo "plain"
HEALTHCHECK --interval=5s --timeout=2s --retries=4 CMD true
`,
    },
    notByBuildah: 'writes OCI images, which know neither SHELL nor HEALTHCHECK',
  },
  {
    name: 'copies of files, directories, links and patterns',
    files: {
      ...tree,
      Dockerfile: `FROM busybox
COPY src /all
COPY src/ /all-slash/
COPY one.md two.md /docs/
COPY *.md /star/
COPY src/deep /deep/nested
COPY src/a.txt /renamed
COPY src/a.txt /into/
COPY ["one.md", "/with space/"]
COPY src/d??p/b.* /q/
`,
    },
  },
  {
    name: 'owners of copies',
    files: {
      ...tree,
      Dockerfile: `FROM busybox
RUN echo 'app:x:1234:1235::/home/app:/bin/sh' >> /etc/passwd; echo 'app:x:1235:' >> /etc/group; echo 'other:x:77:' >> /etc/group
COPY --chown=app src /by-name
COPY --chown=app:other one.md /by-both/
COPY --chown=5:6 two.md /by-number
ADD --chown=app:77 src/deep /mixed
`,
    },
  },
  {
    name: 'copies over what is there',
    files: {
      ...tree,
      Dockerfile: `FROM busybox
RUN mkdir -p /t/deep /real && echo old > /t/a.txt && echo stays > /t/deep/stays && chmod 700 /t/deep && ln -s /real /linked
COPY src /t
COPY one.md /linked/
COPY two.md /linked
RUN rm /t/deep/stays && rm -r /t/deep && mkdir /t/deep && echo new > /t/deep/new
`,
    },
  },
  {
    name: 'an ignore file',
    files: {
      ...tree,
      'src/deep/c.log': 'log\n',
      'x.log': 'log\n',
      'keep.log': 'log\n',
      '.dockerignore': '# logs\n**/*.log\n!keep.log\nsrc/deep/*\n!src/deep/b.txt\n/two.md\n',
      Dockerfile: 'FROM busybox\nCOPY . /ctx\n',
    },
  },
  {
    name: 'stages, arguments and a target',
    files: {
      ...tree,
      Dockerfile: `ARG BASE=busybox
FROM \${BASE} AS one
ARG VERSION=1.0
ARG PLAIN
RUN mkdir /out && echo "$VERSION \${PLAIN:-unset} \${VERSION:+set}" > /out/v
FROM one AS two
RUN echo two >> /out/v
FROM \${BASE} AS final
COPY --from=one /out /one
COPY --from=1 /out/v /two/
COPY --from=two --chown=9:9 /out /owned
FROM final AS after
RUN exit 1
`,
    },
    args: ['--build-arg', 'VERSION=2.5', '--target', 'final'],
  },
  {
    name: 'what commands leave behind',
    files: {
      Dockerfile: `FROM busybox
RUN mkdir /w && cd /w && echo a > f && ln f hard && ln -s f soft && mkfifo pipe && chmod 4755 f && mkdir -m 1777 sticky
RUN chown -R 12:34 /w/sticky && touch /w/sticky/x
RUN rm /w/soft && mv /w/sticky /w/moved && echo more >> /w/f
VOLUME /w/vol
WORKDIR /w/vol/made
RUN umask 077; echo kept > /kept; umask > /umask
RUN env | grep -v HOSTNAME | sort > /environment; id > /id; pwd > /pwd; ulimit -c > /core
`,
    },
    notByBuildah: 'has PATH and HOME of its own for commands',
  },
  {
    name: 'users and directories of commands',
    files: {
      Dockerfile: `FROM busybox
RUN echo 'app:x:1234:1235::/home/app:/bin/sh' >> /etc/passwd; echo 'app:x:1235:' >> /etc/group; mkdir -m 777 /open
WORKDIR /made/by/builder
USER app
RUN id -u > /open/u; id -g > /open/g; pwd > /open/p
USER 42
RUN id -u > /open/u2; id -g > /open/g2
`,
    },
    notByBuildah: 'makes the working directory late, and for the user of the command',
  },
  {
    name: 'archives are unpacked by ADD',
    archives: ['plain.tar', 'packed.tgz'],
    files: {
      ...tree,
      Dockerfile: `FROM busybox
ADD plain.tar /new
RUN mkdir -m 700 /old && echo old > /old/a.txt
ADD packed.tgz one.md /old/
COPY plain.tar /copied/
`,
    },
  },
  {
    name: 'triggers for later builds',
    files: {
      ...tree,
      Dockerfile: `FROM busybox AS base
ONBUILD COPY one.md /triggered/
ONBUILD RUN echo "by trigger" > /ran
ONBUILD ENV TRIGGERED=yes
FROM base
RUN cat /ran > /later
`,
    },
  },
  {
    name: 'mounts of a command',
    files: {
      ...tree,
      Dockerfile: `FROM busybox AS one
RUN echo built > /built
FROM busybox
RUN --mount=type=bind,source=src,target=/in cp /in/a.txt /taken && cp -r /in/deep /deep
RUN --mount=type=bind,from=one,source=/built,target=/from-one cat /from-one > /built-too
RUN --mount=type=cache,target=/cache echo cached > /cache/x && cp /cache/x /of-cache
RUN --mount=type=tmpfs,target=/quick echo quick > /quick/x && cp /quick/x /of-tmpfs
COPY --chmod=0601 one.md /modes/
`,
    },
    notByDocker: 'has no mounts',
  },
];
