# Homebrew formula. It was never run: there was no Homebrew at hand. Only its syntax was checked. The sum of a release's archive
# has to be put in for `sha256`.
class Prestic < Formula
  desc "Scheduler of restic backups that survive crashes, restarts and upgrades"
  homepage "https://github.com/anmcarrow/prestic-ng"
  url "https://github.com/anmcarrow/prestic-ng/archive/refs/tags/v0.1.0.tar.gz"
  sha256 "0000000000000000000000000000000000000000000000000000000000000000"
  license "MIT"
  head "https://github.com/anmcarrow/prestic-ng.git", branch: "main"

  depends_on "rust" => :build
  depends_on "restic"

  def install
    system "make", "build", "docs"
    system "packaging/install.sh", "target/release", "/", prefix
  end

  # `brew services` would keep a second daemon beside that of `prestic-ctl service`, so it gets the same one.
  service do
    run [opt_bin/"prestic-daemon"]
    keep_alive crashed: true
    working_dir Dir.home
  end

  test do
    (testpath/".prestic").mkpath
    (testpath/".prestic/password").write "secret\n"
    (testpath/".prestic/config.ini").write <<~INI
      [disk]
      repository = #{testpath}/repository
      password-file = #{testpath}/.prestic/password

      [files]
      inherit = disk
      command = backup
      args = #{testpath}/.prestic
    INI
    chmod 0600, [testpath/".prestic/password", testpath/".prestic/config.ini"]
    system bin/"prestic-ctl", "check"
    system bin/"prestic-ctl", "-p", "disk", "init"
    system bin/"prestic-ctl", "-p", "files"
    assert_match version.to_s, shell_output("#{bin}/prestic-daemon --version")
  end
end
