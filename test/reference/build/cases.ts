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
  {
    name: 'variables wherever they may stand',
    files: {
      ...tree,
      // The volume comes last: dockerd runs commands with the volumes of the steps before, which makes directories for them. BuildKit does not, nor
      // does Dhow.
      Dockerfile: `ARG TAG=latest
ARG IMAGE=busybox
FROM $IMAGE:\${TAG:-none} AS base
ARG DIR=src
ARG EMPTY
ARG LATE=from-arg
ENV WHERE=/srv/\${DIR} OWNER=7:8 PORT=81 NAME=\\$literal LATE=from-env
ENV CHAIN=$WHERE/x JOINED="$DIR-$WHERE" SINGLE='$DIR' SET=\${DIR:+set} UNSET=\${EMPTY:+set} OR=\${EMPTY:-other}
WORKDIR $WHERE/work
COPY --chown=$OWNER $DIR/a.txt \${WHERE}/copied
ADD \${DIR}/deep $WHERE/added/
EXPOSE $PORT/tcp
LABEL label.$DIR="$WHERE" "other"=$PORT
STOPSIGNAL \${EMPTY:-SIGHUP}
USER \${OWNER}
RUN echo "$LATE $NAME $SET-$UNSET $OR" > /tmp/values; pwd > /tmp/where
VOLUME $WHERE/vol
`,
    },
    notByBuildah: 'makes the working directory late',
  },
  {
    name: 'arguments in stages, and where they end',
    files: {
      Dockerfile: `ARG GLOBAL=global
FROM busybox AS one
RUN echo "1 \${GLOBAL:-unset}" > /one
ARG GLOBAL
RUN echo "2 $GLOBAL" >> /one
ARG GLOBAL=own
RUN echo "3 $GLOBAL" >> /one
FROM busybox
ARG GIVEN
ARG DEFAULT=default
COPY --from=one /one /one
RUN echo "\${GLOBAL:-unset} $GIVEN $DEFAULT" > /two
ENV DEFAULT=env
RUN echo "$DEFAULT" >> /two
`,
    },
    args: ['--build-arg', 'GIVEN=given'],
  },
  {
    name: 'how lines go on and end',
    files: {
      Dockerfile: [
        '# escape=`',
        '',
        'FROM busybox',
        'RUN echo one > /one && `',
        '  # a comment inside',
        '    echo two `',
        '',
        '    > /two',
        'RUN echo "a # b" > /hash; echo \\n > /backslash',
        '   # an indented comment',
        '  run echo lower > /lower',
        'ENV A=1 `',
        '    B="two  blanks" `',
        '    C=3',
        'LABEL a=b `',
        '# between',
        '      c=d',
        '',
      ].join('\n'),
    },
  },
  {
    name: 'programs and their arguments, in the order in which they reset each other',
    files: {
      // The first check has no times: dockerd merges the settings of each step into those of the step before, so that NONE would keep them.
      Dockerfile: `FROM busybox AS base
CMD ["from", "base"]
FROM base AS kept
RUN true
FROM base
ENTRYPOINT echo shell form
ENTRYPOINT [ "/bin/echo" , "json form" ]
CMD [ "a b", "c\\"d", "\\u00e9" ]
MAINTAINER Somebody <somebody@example.com>
HEALTHCHECK CMD ["true", "x"]
HEALTHCHECK NONE
SHELL ["/bin/sh", "-c"]
ONBUILD RUN echo later
ONBUILD COPY . /later
`,
    },
    notByBuildah: 'writes OCI images, which know neither SHELL nor HEALTHCHECK',
  },
  {
    name: 'names with blanks, other alphabets and marks',
    files: {
      'with blank/inner file': 'blank\n',
      'ünï/çödé': 'unicode\n',
      'a[b]': 'brackets\n',
      'dash-': 'dash\n',
      $dollar: 'dollar\n',
      Dockerfile: `FROM busybox
COPY ["with blank", "/with blank/"]
COPY ["with blank/inner file", "/to/another file"]
COPY ünï /ünï
COPY a[[]b] /brackets
COPY d?sh- /dash
COPY \\$dollar /dollar
RUN echo x > "/made by command" && mkdir -p "/ö/é" && ln -s "/made by command" "/ö/link to"
`,
    },
    notByBuildah: 'takes a bracket in a pattern otherwise',
  },
  {
    name: 'patterns of an ignore file',
    files: {
      'a/b/c/deep.txt': 'x',
      'a/b/keep.md': 'x',
      'a/temp1': 'x',
      'a/temp22': 'x',
      'docs/readme.md': 'x',
      'docs/internal/secret.md': 'x',
      'build/out.bin': 'x',
      'src/build/in.txt': 'x',
      'src/x.o': 'x',
      'src/y.c': 'x',
      range1: 'x',
      range9: 'x',
      'space name': 'x',
      '.dockerignore': [
        '# comment',
        '',
        '  a/temp?  ',
        'build/',
        '**/*.o',
        'docs',
        '!docs/readme.md',
        'a/**/deep.txt',
        'range[0-5]',
        './space name',
        'src/../src/nothing',
        '',
      ].join('\n'),
      Dockerfile: 'FROM busybox\nCOPY . /ctx\nCOPY src /src\n',
    },
  },
  {
    name: 'directories that are replaced, hidden and made again',
    files: {
      ...tree,
      Dockerfile: `FROM busybox
RUN mkdir -p /d/e/f && echo 1 > /d/e/f/1 && echo 2 > /d/2 && ln -s d /l && mkdir /m && chmod 2775 /m && chown 3:4 /m
RUN rm -r /d/e && mkdir -p /d/e && echo new > /d/e/new
COPY src/deep /d/e/f
RUN mv /d/e/f /d/g && rm /l && mkdir /l && echo real > /l/real
RUN rm -r /m && echo file > /m
COPY one.md /l/
RUN chmod 0000 /d/2 && touch -d @1000000000 /d/e/new && ln /d/e/new /d/linked
RUN echo changed >> /d/linked
`,
    },
  },
  {
    name: 'patterns that match directories, links and nothing more',
    files: {
      ...tree,
      'dirs/one/x': 'x',
      'dirs/two/y': 'y',
      'dirs/file': 'f',
      'dirs/link': '-> one',
      Dockerfile: `FROM busybox
COPY dirs/* /matched/
COPY dirs/o* /one/
COPY dirs/link /followed/
COPY dirs/link/x src/*.txt /both/
COPY src/d*p /star/
`,
    },
  },
];
