#include "server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <microhttpd.h>

#include "fault.h"
#include "serve.h"
#include "util.h"

enum { CLUSTERS_MAX = 64 };

static struct server servers[CLUSTERS_MAX];

static struct server *server_of(const struct cluster *cl)
{
	return &servers[cl->index];
}

long server_count(const struct cluster *cl)
{
	return __atomic_load_n(&server_of(cl)->count, __ATOMIC_ACQUIRE);
}

static int listen_on(int port)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int one = 1;

	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(fd, 128))
		die("cannot listen: %s", strerror(errno));
	return fd;
}

static int port_of(int fd)
{
	struct sockaddr_in addr;
	socklen_t len = sizeof(addr);

	if (getsockname(fd, (struct sockaddr *)&addr, &len))
		die("no port: %s", strerror(errno));
	return ntohs(addr.sin_port);
}

static void take_connection(struct server *server, int fd)
{
	struct sockaddr_in peer = { .sin_family = AF_INET };
	int one = 1;
	bool wrong = fault_take_connection(server->cluster,
					   server_count(server->cluster) + 1);

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (MHD_add_connection(wrong ? server->wrong : server->right, fd,
			       (struct sockaddr *)&peer,
			       sizeof(peer)) != MHD_YES)
		close(fd);
}

/* The listening socket is closed while connections are to be refused. */
static int follow_refusal(struct server *server, int fd)
{
	bool refuse = fault_refusing(server->cluster,
				     server_count(server->cluster) + 1);

	if (refuse && fd >= 0) {
		close(fd);
		fd = -1;
	} else if (!refuse && fd < 0) {
		fd = listen_on(server->port);
	}
	__atomic_store_n(&server->listening, fd >= 0, __ATOMIC_RELEASE);
	return fd;
}

static void *accept_loop(void *arg)
{
	struct server *server = arg;
	int fd = server->listen_fd;
	uint64_t word;

	for (;;) {
		struct pollfd polls[2] = { { .fd = server->wake_fd,
					     .events = POLLIN },
					   { .fd = fd, .events = POLLIN } };

		poll(polls, 2, fd < 0 ? 10 : 1000);
		if ((polls[0].revents & POLLIN) &&
		    read(server->wake_fd, &word, sizeof(word)) < 0)
			continue;
		fd = follow_refusal(server, fd);
		if (fd >= 0 && (polls[1].revents & POLLIN)) {
			int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

			if (client >= 0)
				take_connection(server, client);
		}
	}
	return NULL;
}

static struct MHD_Daemon *daemon_new(struct server *server,
				     const struct pki *pki, const char *ca)
{
	struct cert cert = pki_server(pki);
	struct MHD_Daemon *daemon = MHD_start_daemon(
		MHD_USE_THREAD_PER_CONNECTION |
			MHD_USE_INTERNAL_POLLING_THREAD | MHD_USE_TLS |
			MHD_USE_NO_LISTEN_SOCKET | MHD_USE_POLL,
		0, NULL, NULL, serve_request, server, MHD_OPTION_HTTPS_MEM_KEY,
		cert.key_pem, MHD_OPTION_HTTPS_MEM_CERT, cert.cert_pem,
		MHD_OPTION_HTTPS_MEM_TRUST, ca, MHD_OPTION_URI_LOG_CALLBACK,
		serve_begin, server, MHD_OPTION_NOTIFY_COMPLETED, serve_end,
		server, MHD_OPTION_NOTIFY_CONNECTION, serve_connection, server,
		MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)(256 * 1024),
		MHD_OPTION_END);

	if (!daemon)
		die("cannot start the HTTPS server");
	return daemon;
}

int server_start(struct cluster *cl, const struct pki *pki,
		 const struct pki *wrong, const char *record_path)
{
	struct server *server = server_of(cl);
	pthread_t thread;

	if (cl->index >= CLUSTERS_MAX)
		die("at most %d clusters", CLUSTERS_MAX);
	server->cluster = cl;
	server->record_fd =
		open(record_path,
		     O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600);
	if (server->record_fd < 0)
		die("cannot write %s: %s", record_path, strerror(errno));
	server->right = daemon_new(server, pki, pki_ca_pem(pki));
	server->wrong = daemon_new(server, wrong, pki_ca_pem(pki));
	server->listen_fd = listen_on(0);
	server->listening = true;
	server->port = port_of(server->listen_fd);
	server->wake_fd = eventfd(0, EFD_CLOEXEC);
	if (pthread_create(&thread, NULL, accept_loop, server) != 0)
		die("no thread");
	pthread_detach(thread);
	return server->port;
}

void server_reset(struct cluster *cl)
{
	struct server *server = server_of(cl);

	__atomic_store_n(&server->count, 0, __ATOMIC_RELEASE);
	if (ftruncate(server->record_fd, 0) != 0)
		die("cannot empty the record");
	server_poke(cl);
}

void server_poke(struct cluster *cl)
{
	struct server *server = server_of(cl);
	uint64_t one = 1;
	int tries = 0;
	bool refuse;

	do {
		if (write(server->wake_fd, &one, sizeof(one)) < 0)
			return;
		refuse = fault_refusing(cl, server_count(server->cluster) + 1);
		sleep_ms(tries ? 1 : 0);
	} while (__atomic_load_n(&server->listening, __ATOMIC_ACQUIRE) ==
			 refuse &&
		 ++tries < 100);
}
