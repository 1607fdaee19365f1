/**
 * What people type, one command line after the other, on a daemon that has the image `busybox`: typical uses, and what is wrong. A
 * shell reads them; the program's name is put in front.
 */
export const commandLines = String.raw`
create --name made -l k=v -e A=b -v data:/data busybox sh -c 'echo one; echo two >&2; exit 3'
run -d --name web --label k=v --label z -p 127.0.0.1:0:81/udp --health-cmd true --health-interval 1h busybox sleep 1000
run -dit --name shell --stop-signal SIGKILL --restart on-failure:3 -m 64m --cpus 0.5 --tmpfs /t busybox
run --rm busybox sh -c 'echo out; echo err >&2; exit 3'
run --rm busybox nothere
run --rm busybox /etc
run --rm -i busybox cat </etc/hostname
run --rm -e A= -e HOME=/x -w /new busybox sh -c 'pwd; echo $A $HOME'
run --rm --entrypoint /bin/echo busybox x
run --rm --pull never nothere:1
run --rm --pull bogus busybox true
run --rm --name web busybox true
run --rm --name 'bad name' busybox true
run --rm --restart always busybox true
run --rm -it busybox true
run --rm -t busybox echo terminal
run --rm -d -a stdout busybox true
run -a stdin --rm -i busybox true </dev/null
run -a bogus --rm busybox true
run --rm -p abc busybox true
run --rm -p 1-3:4-5 busybox true
run --rm -p 99999:80 busybox true
run --rm -v /a:b busybox true
run --rm -v /a:/b:bogus busybox true
run --rm --mount type=bind,src=/nowhere,dst=/x busybox true
run --rm --mount type=bogus,dst=/x busybox true
run --rm --mount dst=/x,foo=bar busybox true
run --rm --network nothere busybox true
run --rm --network container:nothere busybox true
run --rm --link nothere:x busybox true
run --rm --memory 1k busybox true
run --rm --cpus 99 busybox true
run --rm --ulimit bogus=1 busybox true
run --rm --ulimit nofile=10:5 busybox true
run --rm --restart bogus busybox true
run --rm --user nothere busybox true
run --rm --user 1000:1000 --group-add 5 busybox id
run --rm --add-host bad busybox true
run --rm --dns 1.2.3 busybox true
run --rm --env-file /nowhere busybox true
run --rm --env =x busybox true
run --rm --cap-add bogus busybox true
run --rm --cap-drop ALL busybox grep CapEff /proc/self/status
run --rm --security-opt bogus busybox true
run --rm --sysctl net.ipv4.ip_forward busybox true
run --rm --device /dev/nothere busybox true
run --rm --tmpfs relative busybox true
run --rm --shm-size -1 busybox true
run --rm --ipc bogus busybox true
run --rm --log-driver bogus busybox true
run --rm --log-opt max-size=q busybox true
run --rm --stop-signal BOGUS busybox true
run --rm --no-healthcheck --health-cmd x busybox true
run --rm --health-interval 1us busybox true
run --rm --runtime bogus busybox true
run --rm --platform bogus/x/y/z busybox true
run --rm --expose abc busybox true
run --rm --gpus bogus busybox true
run --rm --cidfile / busybox true
run --rm BUSYBOX true
run --rm ''
run
run --memory
ps -a --format '{{.Names}} {{.Image}} {{.State}} {{.Command}} {{.Labels}} {{.Mounts}} {{.Networks}}'
ps --format 'table {{.Names}}\t{{upper .State}}\t{{join (split .Names "e") "-"}}'
ps --format '{{.Nope}}'
ps --format '{{'
ps -a --no-trunc --filter status=created --format '{{.Names}} {{.Status}}'
ps -q --filter label=z --filter name=^w
ps --filter bogus=1
ps --filter status=bogus
ps --filter label
ps -a --filter exited=3 --filter ancestor=busybox -q
ps -n -5 --format '{{.Names}}'
ps -l extra
container ls -as --format '{{.Names}} {{.Size}}'
start made
start -a made
start nothere made
start -a made web
start
wait made
wait nothere made
logs made
logs --tail 1 made
logs --tail bogus made
logs --since bogus made
logs --since 2h --until 1h made
logs nothere
logs
exec web echo hi
exec web nothere
exec web /etc
exec -d web nothere
exec -w /nope web pwd
exec -u nobody web id -u
exec -u nothere web id
exec -e X=1 -e A web sh -c 'echo $X $A'
exec -i web cat </etc/hostname
exec -it web true
exec nothere true
exec made true
exec web
exec --detach-keys bogus web true
inspect -f '{{.Name}} {{.State.Status}} {{json .Config.Labels}} {{len .Mounts}}' web made
inspect -f '{{.Nope}}' web
inspect -f '{{.State.Nope}}' web
inspect -f '{{json .HostConfig.RestartPolicy}} {{.HostConfig.Memory}} {{.HostConfig.Tmpfs}}' shell
inspect nothere web -f '{{.Name}}'
inspect --type image web
inspect --type bogus web
inspect -s -f '{{.SizeRw}}' made
container inspect busybox
port web 81/udp nothere
port web 99
port web abc
port nothere
top web -eo comm,args
top web bogus
top made
top nothere
diff made
diff nothere
stats --no-stream --format '{{.Name}} {{.PIDs}}' web
stats --no-stream nothere
stats --no-stream --format '{{.Nope}}' web
rename web web
rename web 'b d'
rename nothere x
rename made done
update --memory 1k web
update --restart bogus web
update --restart always made
update web
update --pids-limit 100 web done
pause web
pause web done
exec web true
unpause web
unpause web
kill -s BOGUS web
kill -s 99 web
kill done
stop nothere done
stop -t bogus web
restart -t 0 shell
restart nothere
attach done
attach nothere
attach --detach-keys ab web
commit -c 'BOGUS x' web x:1
commit -c 'CMD ["y"]' -m msg -a me web com:1
commit nothere x
commit web BAD
cp web:/etc/passwd got
cp web:/etc - | tar -t | grep -c passwd
cp got web:/tmp/
cp got web:/tmp/x/y/
cp web:/nothere .
cp web:/x shell:/y
cp got web
cp - web:/nothere </dev/null
cp nothere:/x .
diff web
export web | tar -t | grep -c ^bin/
export -o /nowhere/x web
export nothere
events --since 1h --until 0s --filter container=done --format '{{.Type}} {{.Action}} {{.Actor.Attributes.name}}'
events --since bogus --until 1
events --filter bogus=1 --since 0 --until 1
system df --format '{{.Type}} {{.TotalCount}} {{.Active}}'
system df -v --format '{{range .Containers}}{{.Names}} {{.LocalVolumes}} {{.Image}}{{println}}{{end}}'
system df --format bogus
system bogus
info --format '{{.OSType}} {{.Containers}} {{.Images}} {{json .Swarm.LocalNodeState}}'
info --format '{{.Nope}}'
version --format '{{.Server.Os}} {{.Client.Os}} {{.Server.Version}}'
version --format '{{.Nope}}'
images --format '{{.Repository}}:{{.Tag}}'
images --filter bogus=1
images a b
tag busybox new:1
tag nothere x
tag busybox BAD
history com:1 --format '{{.CreatedBy}}|{{.Comment}}'
rmi nothere new:1
rmi -f nothere
image inspect web
save nothere
load -i /nowhere
import - BAD </dev/null
volume create v1
volume create 'bad name'
volume create -d bogus v2
volume ls --format '{{.Name}} {{.Driver}} {{.Scope}}'
volume ls --filter dangling=maybe
volume inspect v1 nothere -f '{{.Name}}'
volume rm v1 nothere data
network create n1
network create n1
network create --subnet bogus n2
network create -d bogus n2
network connect n1 web
network connect n1 nothere
network ls --filter name=n1 --format '{{.Name}} {{.Driver}} {{.Scope}}'
network rm n1
network disconnect n1 web
network rm n1 nothere bridge
rm web
rm nothere
rm -f nothere
rm -l done
rm -fv web shell
container prune -f --filter bogus=1
container prune -f --filter until=1h
container prune -f
volume prune -af
system prune -f --filter until=bogus
system prune -f
ps -a
container bogus
context use nothere
login -u x
bogus
`
  .trim()
  .split('\n');
