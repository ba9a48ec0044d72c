#!/usr/bin/perl
# Runs in a guest that is about to be saved, and in every guest that comes from that snapshot. It
# takes requests from the host over a virtio port, a line each:
#   quiesce            nobody is logged in, all is on the disk, and memory holds little: "quiesced"
#   mount DIR          mounts the disk of the build cache there: "mounted"
#   unmount DIR        writes it out and unmounts it: "unmounted"
#   settle             the same, but for what was read from the disk since: "settled"
#   resume S NS HEX    sets the clock to S seconds and NS nanoseconds since 1970, and mixes HEX into
#                      the kernel's random numbers, without which all guests of a snapshot would
#                      draw the same ones: "resumed"
# Between the two it waits in a read, so that a restored guest is corrected before it runs anything
# else of its user's. It starts no program for that, since each costs tenths of a second under
# emulation.
use strict;
use warnings;
use Fcntl qw(O_RDWR);
use POSIX ();

# Numbers of clock_settime(2), mount(2) and umount2(2), which Perl itself does not offer, from
# <asm/unistd.h>. On 32 bits it is clock_settime64, whose structure is that of 64 bits.
my %SYSCALLS = (
  x86_64 => [227, 165, 166], aarch64 => [112, 40, 39], riscv64 => [112, 40, 39],
  armv7l => [404, 21, 52], i686 => [404, 21, 52],
  ppc64le => [245, 21, 52], s390x => [259, 21, 52],
);
my $MS_NOATIME = 1024;
# From <linux/random.h>; POWER has other bits for the direction (its <asm/ioctl.h>).
my $is_power = (POSIX::uname())[4] =~ /^ppc/;
my $RNDADDENTROPY = $is_power ? 0x80085203 : 0x40085203;
my $RNDRESEEDCRNG = $is_power ? 0x20005207 : 0x5207;

my ($clock_settime, $mount, $umount2) = @{ $SYSCALLS{ (POSIX::uname())[4] } // [] };
my $random;

# Tests call single functions.
serve() unless caller;

sub serve {
  defined $clock_settime or die "unknown architecture\n";
  open $random, '+<', '/dev/urandom' or die "/dev/urandom: $!\n";
  my $port = open_port();
  my $text = '';
  while (1) {
    my $length = sysread $port, $text, 4096, length $text;
    # The host has not connected yet.
    if (!$length) { select undef, undef, undef, 0.02; next }
    while ($text =~ s/^([^\n]*)\n//) {
      my $answer = eval { answer($1) } // 'error: ' . ($@ =~ s/\n.*//sr);
      syswrite $port, "$answer\n";
      # Whoever reads the console of a guest that never booted should know why.
      eval { write_file('/dev/console', "guesthouse: resumed\n") } if $answer eq 'resumed';
    }
  }
}

sub answer {
  my ($request) = @_;
  if ($request eq 'quiesce') { settle(); write_file('/proc/sys/vm/drop_caches', '3'); return 'quiesced' }
  if ($request eq 'settle') { settle(); return 'settled' }
  return resume($1, $2, pack 'H*', $3) if $request =~ /^resume (\d+) (\d+) ([0-9a-f]{64,1024})$/;
  if ($request =~ m{^mount (/[^\0]+)$}) { mount_cache($1); return 'mounted' }
  if ($request =~ m{^unmount (/[^\0]+)$}) {
    my $dir = $1;
    syscall($umount2, $dir, 0) == 0 or die "$dir: $!\n";
    return 'unmounted';
  }
  die "unknown request\n";
}

sub mount_cache {
  my ($dir) = @_;
  if (!-d $dir) {
    mkdir $dir or die "$dir: $!\n";
    chown +(stat "$dir/..")[4, 5], $dir;
  }
  # Zeroing the rest of the inode tables would go on beside every build.
  my ($device, $type, $options) = (disk('cache0'), 'ext4', 'noinit_itable');
  syscall($mount, $device, $dir, $type, $MS_NOATIME, $options) == 0 or die "$dir: $!\n";
}

# The disk with a serial: names such as vdb are in the order in which the kernel has found disks.
sub disk {
  my ($serial) = @_;
  for my $file (glob '/sys/block/vd*/serial') {
    return "/dev/$1" if slurp($file) =~ /^\Q$serial\E\s*$/ && $file =~ m{/(vd\w+)/};
  }
  die "there is no disk $serial\n";
}

sub resume {
  my ($seconds, $nanoseconds, $seed) = @_;
  my $time = pack 'q q', $seconds, $nanoseconds;
  syscall($clock_settime, 0, $time) == 0 or die "clock_settime: $!\n";
  my $entropy = pack 'i i a*', 8 * length $seed, length $seed, $seed;
  ioctl $random, $RNDADDENTROPY, $entropy or die "RNDADDENTROPY: $!\n";
  ioctl $random, $RNDRESEEDCRNG, 0 or die "RNDRESEEDCRNG: $!\n";
  return 'resumed';
}

sub settle {
  for (1 .. 100) {
    last unless sessions();
    select undef, undef, undef, 0.05;
  }
  # It would be tied to a host program that is another one after the restore.
  my $shared = shared_directory(slurp('/proc/mounts'));
  die "$shared is a shared directory\n" if defined $shared;
  system 'sync';
}

# The first mount point in a text like /proc/mounts that some other machine serves.
sub shared_directory {
  my ($mounts) = @_;
  return $mounts =~ /^\S+ (\S+) (?:9p|virtiofs|nfs4?|cifs|fuse\.\S+) /m ? $1 : undef;
}

sub sessions { return grep { slurp($_) =~ m{^sshd(?:-session)?: (?!/)} } glob '/proc/[0-9]*/cmdline' }

sub open_port {
  for (1 .. 200) {
    for my $file (glob '/sys/class/virtio-ports/*/name') {
      next unless slurp($file) eq "guesthouse\n";
      my ($device) = $file =~ m{/([^/]+)/name$};
      sysopen my $handle, "/dev/$device", O_RDWR or next;
      return $handle;
    }
    select undef, undef, undef, 0.05;
  }
  die "no port named guesthouse\n";
}

sub slurp {
  open my $handle, '<', $_[0] or return '';
  local $/;
  return <$handle> // '';
}

sub write_file {
  open my $handle, '>', $_[0] or die "$_[0]: $!\n";
  print {$handle} $_[1];
  close $handle or die "$_[0]: $!\n";
}

1;
